"""Import of `config.json`: the shapes that the catalogue says are read from the files that it cites."""

import json

import pytest
from pydantic import ValidationError

from paasim.core.errors import InputError
from paasim.model import Model, ModelSpec, load
from paasim.model.huggingface import from_config

QWEN3_8B = {
    "architectures": ["Qwen3ForCausalLM"],
    "head_dim": 128,
    "hidden_size": 4096,
    "max_position_embeddings": 40960,
    "max_window_layers": 36,
    "model_type": "qwen3",
    "num_attention_heads": 32,
    "num_hidden_layers": 36,
    "num_key_value_heads": 8,
    "sliding_window": None,
    "torch_dtype": "bfloat16",
    "use_sliding_window": False,
}
CONFIGS = {
    "qwen3-8b": QWEN3_8B,
    "qwen3-32b": QWEN3_8B | {"hidden_size": 5120, "num_attention_heads": 64, "num_hidden_layers": 64},
    "qwen3-235b-a22b": QWEN3_8B | {"model_type": "qwen3_moe", "num_hidden_layers": 94, "num_key_value_heads": 4},
    "llama-3.1-8b": {
        "model_type": "llama",
        "hidden_size": 4096,
        "num_attention_heads": 32,
        "num_hidden_layers": 32,
        "num_key_value_heads": 8,
        "torch_dtype": "bfloat16",
    },
    "llama-2-7b": {"model_type": "llama", "hidden_size": 4096, "num_attention_heads": 32, "num_hidden_layers": 32},
    "qwen2.5-72b": {
        "model_type": "qwen2",
        "hidden_size": 8192,
        "num_attention_heads": 64,
        "num_hidden_layers": 80,
        "num_key_value_heads": 8,
        "sliding_window": 131072,
        "use_sliding_window": False,
    },
    "deepseek-v3": {
        "model_type": "deepseek_v3",
        "num_hidden_layers": 61,
        "num_attention_heads": 128,
        "kv_lora_rank": 512,
        "qk_rope_head_dim": 64,
        "quantization_config": {"quant_method": "fp8"},
        "torch_dtype": "bfloat16",
    },
    "gpt-oss-120b": {
        "model_type": "gpt_oss",
        "head_dim": 64,
        "hidden_size": 2880,
        "layer_types": ["sliding_attention", "full_attention"] * 18,
        "num_attention_heads": 64,
        "num_hidden_layers": 36,
        "num_key_value_heads": 8,
        "sliding_window": 128,
        "quantization_config": {"quant_method": "mxfp4"},
    },
    "kimi-linear-48b": {
        "model_type": "kimi_linear",
        "num_hidden_layers": 27,
        "kv_lora_rank": 512,
        "qk_rope_head_dim": 64,
        "dtype": "bfloat16",
        "model_max_length": 1048576,
        "linear_attn_config": {
            "full_attn_layers": [4, 8, 12, 16, 20, 24, 27],
            "kda_layers": [i for i in range(1, 28) if i not in (4, 8, 12, 16, 20, 24, 27)],
            "head_dim": 128,
            "num_heads": 32,
            "short_conv_kernel_size": 4,
        },
    },
    "nemotron-nano-9b-v2": {
        "model_type": "nemotron_h",
        "hybrid_override_pattern": "M-M-M-MM-M-M-M*-M-M-M*-M-M-M-M*-M-M-M-M*-M-MM-M-M-M-M-M-",
        "num_hidden_layers": 56,
        "hidden_size": 4480,
        "num_attention_heads": 40,
        "num_key_value_heads": 8,
        "head_dim": 128,
        "mamba_num_heads": 128,
        "mamba_head_dim": 80,
        "ssm_state_size": 128,
        "n_groups": 8,
        "conv_kernel": 4,
    },
}


@pytest.mark.parametrize("name", sorted(CONFIGS))
def test_import_gives_what_the_catalogue_says(name):
    imported, known = Model(from_config(CONFIGS[name], "config.json", "org/model")), load(name)
    for tokens in (1, 127, 129, 5_000, 131_072):
        assert imported.kv_bytes(tokens) == known.kv_bytes(tokens)
        assert imported.capacity_bytes(tokens, 8) == known.capacity_bytes(tokens, 8)
    assert sorted(imported.windows) == sorted(known.windows)
    assert imported.stream_layers == known.stream_layers
    assert imported.source == "https://huggingface.co/org/model/blob/main/config.json"


def windows(config):
    base = {"hidden_size": 1024, "num_attention_heads": 8, "num_hidden_layers": 12}
    return {(g.window_tokens, g.layers) for g in from_config(base | config, "config.json").layers}


def test_sliding_windows_by_family():
    assert windows({"model_type": "mistral", "sliding_window": 4096}) == {(4096, 12)}
    assert windows({"model_type": "mistral", "sliding_window": None}) == {(0, 12)}
    assert windows({"model_type": "gemma2", "sliding_window": 4096}) == {(4096, 6), (0, 6)}
    assert windows({"model_type": "gemma3_text", "sliding_window": 512}) == {(512, 10), (0, 2)}
    on = {"use_sliding_window": True, "sliding_window": 64, "max_window_layers": 8}
    assert windows({"model_type": "qwen2"} | on) == {(64, 4), (0, 8)}
    text = {"model_type": "gemma3", "text_config": {"model_type": "gemma3_text", "sliding_window": 1024}}
    assert windows(text) == {(1024, 10), (0, 2)}


def test_gated_delta_net():
    config = QWEN3_8B | {
        "model_type": "qwen3_next",
        "num_hidden_layers": 48,
        "num_key_value_heads": 2,
        "head_dim": 256,
        "linear_num_key_heads": 16,
        "linear_num_value_heads": 32,
        "linear_key_head_dim": 128,
        "linear_value_head_dim": 128,
        "linear_conv_kernel_dim": 4,
    }
    model = Model(from_config(config, "config.json"))
    assert model.kv_bytes_per_token == 12 * 2 * 2 * 256 * 2
    assert model.state_bytes == 36 * (32 * 128 * 128 * 4 + 3 * (2 * 16 * 128 + 32 * 128) * 2)


def test_an_eight_bit_cache_is_read_from_the_checkpoint():
    scaled = CONFIGS["llama-3.1-8b"] | {
        "quantization_config": {"quant_method": "x", "kv_cache_scheme": {"num_bits": 8}}
    }
    assert from_config(scaled, "config.json").kv_dtype == "fp8"


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ([], "is not a model's config.json"),
        ({}, "model_type None"),
        ({"model_type": "rwkv7"}, "model_type 'rwkv7'"),
        ({"model_type": "deepseek_v32"}, "did you mean 'deepseek_v3'?"),
        ({"model_type": "llama"}, "has no 'num_hidden_layers'"),
        (CONFIGS["llama-3.1-8b"] | {"num_hidden_layers": -3}, "'num_hidden_layers' is -3"),
        (CONFIGS["gpt-oss-120b"] | {"layer_types": ["full_attention"]}, "does not name each of the 36 layers"),
        (CONFIGS["gpt-oss-120b"] | {"layer_types": ["odd"] * 36}, "layers of type 'odd'"),
        ({"model_type": "kimi_linear"}, "has no 'linear_attn_config'"),
        ({"model_type": "nemotron_h", "hybrid_override_pattern": "MX"}, "'MX'"),
    ],
)
def test_what_cannot_be_read_is_said(config, says):
    with pytest.raises(InputError) as error:
        from_config(config, "some/config.json")
    assert says in str(error.value)
    assert str(error.value).startswith("some/config.json: ")


def test_load_finds_bundled_yaml_and_json(tmp_path):
    (tmp_path / "Qwen3-8B").mkdir()
    (tmp_path / "Qwen3-8B" / "config.json").write_text(json.dumps(QWEN3_8B))
    model = load("Qwen3-8B/config.json", tmp_path)
    assert (model.id, model.kv_bytes_per_token) == ("qwen3-8b", 147_456)
    (tmp_path / "own.yaml").write_text(
        "id: own\nname: own\nsource: none\nlayers:\n- {layers: 2, kv_heads: 1, head_dim: 8}\n"
    )
    assert load("own.yaml", tmp_path).kv_bytes_per_token == 2 * 2 * 8 * 2


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("id: [", "bad.yaml:1:6: is not YAML"),
        ("id: x\nname: x\nsource: x\nlayers:\n- {layers: 0, kv_heads: 1, head_dim: 8}\n", "bad.yaml:5:12: layers.0."),
        (
            "id: x\nname: x\nsource: x\ncolour: red\nlayers:\n- {layers: 1, kv_heads: 1, head_dim: 8}\n",
            "bad.yaml:4:9: colour",
        ),
        ("id: x\nname: x\nsource: x\nlayers: []\n", "bad.yaml:4:9: layers"),
        (
            "id: x\nname: x\nsource: x\nparameters: .nan\nlayers:\n- {layers: 1, kv_heads: 1, head_dim: 8}\n",
            "parameters",
        ),
    ],
)
def test_bad_model_files(tmp_path, text, says):
    (tmp_path / "bad.yaml").write_text(text)
    with pytest.raises(InputError, match="correct the file") as error:
        load("bad.yaml", tmp_path)
    assert says in str(error.value)


def test_unknown_names(tmp_path):
    with pytest.raises(InputError, match=r"did you mean 'llama-3.1-8b'\?"):
        load("llama-3.1-8B")
    with pytest.raises(InputError, match="does not exist"):
        load("nowhere.yaml", tmp_path)
    (tmp_path / "config.json").write_text('{"model_type": ')
    with pytest.raises(InputError, match=r"config.json:1:\d+: is not JSON"):
        load("config.json", tmp_path)


def test_specs_are_frozen_and_strict():
    with pytest.raises(ValidationError):
        ModelSpec(id="x", name="x", source="x", layers=[{"kind": "attention", "layers": 1, "kv_heads": 1}])
