"""A small sound file of every form of measured steps that can be imported, hand-made in the tool's own words."""

from __future__ import annotations

from pathlib import Path

AICONFIGURATOR = "hardware,model,dtype,engine,engine_version,tp,ep,"
KEY = "h100_sxm,some/Model-8B,bf16,vllm,0.14.0,1,1,"
SAMPLES: dict[str, dict[str, str]] = {
    "aiconfigurator": {
        "prefill.csv": f"{AICONFIGURATOR}batch,prompt_tokens,prefix_tokens,latency_ms,measured_fraction\n"
        f"{KEY}1,512,0,20.5,0.9\n{KEY}1,1024,0,39.5,0.9\n{KEY}2,1024,1024,90.5,0.9\n",
        "decode.csv": f"{AICONFIGURATOR}batch,context_tokens,latency_ms,measured_fraction\n"
        f"{KEY}1,512,11.5,0.9\n{KEY}8,2048,13.5,0.9\n",
        "memory.csv": f"{AICONFIGURATOR}gpu_memory_bytes,kv_bytes_per_token_per_gpu,kv_capacity_tokens,"
        f"weights_bytes_per_gpu\n{KEY}85899345920,131072,432992,16059990016\n",
    },
    "distserve": {
        "fits.json": '{"some/model": {"1": {"decoding_large_small_bs_threshold": 95, "prefill": [18.1, 0.1, 7.1e-06], '
        '"decoding_smallbs": [19.9, 0.0006, 0.038], "decoding_largebs": [7.2, 0.0005, 0.158]}}}\n',
        "max_num_tokens.csv": "model,tp,pp,max_num_tokens\nsome/model,1,1,66144\n",
    },
    "gpu-benchmarks": {
        "gpus.csv": "GPU,Model,tg 512,tg 1024,tg 4096,pp 512,pp 1024,pp 4096\n"
        "3070 8GB,8B Q4_K_M,72.79,70.94,67.01,2402.5,2283.6,1826.6\n"
    },
    "llama-bench": {
        "bench.csv": "model,test,t/s,build\nm,pp512,1000.5 ± 1.5,7941\nm,pp 1024 @ d 512,900.5 ± 1.5,7941\n"
        "m,pp2048,800.5 ± 1.5,7941\nm,tg128,50.5 ± 0.5,7941\nm,tg 128 @ d 4096,40.5,7941\n"
    },
    "mlx-lm": {
        "mlx.csv": "model,precision,prompt_2048_tok_s,generation_128_tok_s,memory_GB,device\n"
        "some/Model-4B,bf16,1780.6,52.5,9.5,64GB M4 Max\n"
    },
    "ollama-rates": {
        "ollama.csv": "model,system,processor,eval_rate_tokens_per_s,peak_power_W\n"
        "Llama 3.2:3b,Pi 5 - 16GB,CPU,4.88,11.9\n"
    },
    "phone-runs": {
        "phone.csv": "model,quant,device,runtime,context_tokens,decode_tps,ttft_ms\nm,int4,phone,ANE,19.0,27.4,256.5\n"
        "m,int4,phone,ANE,512,24.4,2560.5\nm,int4,phone,ANE,2048,20.4,9560.5\n"
    },
    "plain": {
        "steps.csv": "phase,batch,new_tokens,context_tokens,latency_ms,std_ms,n\nprefill,1,512,0,20.5,0.5,3\n"
        "prefill,1,1024,512,40.5,0.5,3\nprefill,4,1024,0,150.5,0.5,3\ndecode,1,1,512,10.5,,\ndecode,8,1,2048,15.5,,\n"
    },
    "published-points": {
        "points.csv": "device,chip,processor,model,quantisation,engine,prompt_tokens,generated_tokens,"
        "prefill_tokens_per_s,decode_tokens_per_s,source,note\n"
        "phone,chip,CPU,m,int4,engine 1.2.3,1024,256,243.24,43.56,https://example.org,power 15.5 W\n"
        "phone,chip,CPU,m,int4,engine 1.2.3,4096,256,343.24,50.56,https://example.org,batch 4\n"
    },
    "qualcomm-ai-hub": {
        "hub.csv": "model,precision,device,runtime,context_length,ttft_ms_min,ttft_ms_max,tokens_per_second\n"
        "m,w4a16,some phone,genie,4096,208.048,6657.536,7.72\n"
    },
    "sarathi": {
        "sarathi.csv": "batch_num_tokens,batch_num_decode_tokens,batch_num_prefill_tokens,Batch Id,batch_size,"
        "operation_time_per_token\n8,8,0,4.0,8.0,6.5\n128,0,128,2.0,1.0,0.375\n256,0,256,3.0,1.0,0.474\n"
        "520,8,512,5.0,9.0,0.474\n512,0,512,6.0,1.0,0.474\n"
    },
    "splitwise": {
        "perf.csv": "model,hardware,prompt_size,batch_size,token_size,prompt_time,token_time,tensor_parallel\n"
        "llama2-70b,a100-80gb,512,1,128,196.25,54.88,2\nllama2-70b,a100-80gb,512,1,128,195.56,54.86,2\n"
        "llama2-70b,a100-80gb,1024,2,128,495.56,64.86,2\nllama2-70b,a100-80gb,2048,2,128,795.56,74.86,2\n"
    },
    "vidur": {
        "net.csv": "time_stats.send_recv.median,num_workers,size,collective,devices_per_node\n"
        "0.017,2,2048,send_recv,1\n0.019,2,10240,send_recv,1\n"
    },
}
"""Format -> its files; the first is the one to read, unless it is read as a folder (`FOLDERS`)."""
FOLDERS = ("aiconfigurator",)


def sample(name: str, folder: Path) -> Path:
    """Write the files of a format; what to read."""
    folder.mkdir(parents=True, exist_ok=True)
    for file, text in SAMPLES[name].items():
        (folder / file).write_text(text, encoding="utf-8")
    return folder if name in FOLDERS else folder / next(iter(SAMPLES[name]))
