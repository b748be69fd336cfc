"""Traces: the real files, bad files, conversion, and the fits that are bundled."""

import gzip
import json
from itertools import islice

import numpy as np
import pytest
from typer.testing import CliRunner

from paasim.cli.trace import app
from paasim.core.errors import InputError
from paasim.core.paths import bundled
from paasim.core.streams import Streams
from paasim.workload.formats import open_trace, write_trace
from paasim.workload.lengths.bundled import names
from paasim.workload.lengths.table import read_table
from paasim.workload.spec import WorkloadSpec
from paasim.workload.summary import rank_correlation, summarise

runner = CliRunner()
MOONCAKE = "traces/mooncake_fast25/conversation_trace.jsonl.gz"
AZURE = "traces/azure_2023/AzureLLMInferenceTrace_conv.csv.gz"


def source(spec, base=None, **options):
    return WorkloadSpec.model_validate(spec).source(Streams(1), "trace", base, **options)


def test_azure_conversation(shared_data):
    draws = list(source({"kind": "azure", "path": "${PAASIM_DATA}/" + AZURE}))
    assert len(draws) == 15_606
    assert draws[0] == (0.0, 374, 44, None)
    assert draws[1] == (pytest.approx(4.314579, abs=1e-9), 396, 109, None)
    assert draws[-1][0] == pytest.approx(2653.318727, abs=1e-9)  # 18:15:46.680590 to 18:59:59.999317


def test_mooncake_conversation(shared_data):
    trace = open_trace(shared_data / MOONCAKE)
    draws = list(trace.requests())
    summary = summarise(draws, trace.block_tokens)
    assert len(draws) == 9_023
    assert draws[-1][0] == pytest.approx(2723.999)
    assert all(len(blocks) == -(-prompt // 512) for _, prompt, _, blocks in draws)
    assert summary.sharing["repeated_share"] == pytest.approx(0.35, abs=0.005)
    spec = WorkloadSpec.model_validate({"kind": "mooncake", "path": str(shared_data / MOONCAKE)})
    assert spec.means() == pytest.approx((12_208.7, 346.6), abs=0.1)
    assert spec.is_finite
    moved = next(iter(spec.source(Streams(1), "x", first_block=1000)))
    assert moved[3] == [block + 1000 for block in draws[0][3]]


def test_speed_and_limit(shared_data):
    draws = list(source({"kind": "mooncake", "path": "${PAASIM_DATA}/" + MOONCAKE, "speed": 4, "limit": 500}))
    plain = list(islice(source({"kind": "mooncake", "path": "${PAASIM_DATA}/" + MOONCAKE}), 500))
    assert draws == [(at / 4, prompt, output, blocks) for at, prompt, output, blocks in plain]


def test_vidur_and_arrival_times(shared_data, tmp_path):
    path = shared_data / "traces" / "vidur" / "splitwise_conv_head2000.csv"
    draws = list(open_trace(path).requests())
    azure = list(islice(open_trace(shared_data / AZURE).requests(), 2_000))
    assert [draw[1:] for draw in draws] == [draw[1:] for draw in azure]
    assert [draw[0] for draw in draws] == pytest.approx([draw[0] for draw in azure], abs=1e-5)
    spec = {
        "arrivals": {"kind": "times", "path": path.name, "speed": 2},
        "lengths": {"kind": "fixed", "prompt": 10, "output": 2},
    }
    replayed = list(source(spec, path.parent))
    assert [draw[0] for draw in replayed] == pytest.approx([draw[0] / 2 for draw in draws])
    assert WorkloadSpec.model_validate(spec).is_finite


LINE = {"timestamp": 5, "input_length": 600, "output_length": 3, "hash_ids": [1, 2]}
AZURE_HEAD = "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:00:00.5,10,5\n"
VIDUR_HEAD = "arrived_at,num_prefill_tokens,num_decode_tokens\n0.5,10,5\n"


def mooncake(*lines):
    return "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)


@pytest.mark.parametrize(
    ("kind", "text", "says"),
    [
        ("mooncake", mooncake(LINE, '{"timestamp": 6, "input'), ":2: is not JSON at column"),
        ("mooncake", mooncake(LINE, "[1]"), ":2: is not a JSON object"),
        ("mooncake", mooncake(LINE, LINE | {"timestamp": 4}), ":2: 'timestamp' is before that of the line above"),
        ("mooncake", mooncake(LINE | {"input_length": 0}), ":1: 'input_length' is 0; a request has"),
        ("mooncake", mooncake(LINE | {"output_length": 2.5}), ":1: 'output_length' is 2.5; a request has"),
        ("mooncake", mooncake(LINE | {"input_length": -4}), ":1: 'input_length' is -4, not a number"),
        ("mooncake", mooncake(LINE | {"timestamp": float("nan")}), ":1: 'timestamp' is nan, not a number"),
        ("mooncake", mooncake(LINE | {"hash_ids": [1.5]}), ":1: 'hash_ids' is [1.5], not a list"),
        ("mooncake", mooncake({"timestamp": 5, "input_length": 600, "output_length": 3}), ":1: 'hash_ids' is missing"),
        ("mooncake", "", ": has no requests"),
        ("azure", AZURE_HEAD + "2023-11-16 18:00:00.4,10,5\n", ":3: the time is before that of the line above"),
        ("azure", AZURE_HEAD + "2023-11-16 18:00:01,0,5\n", ":3: 'ContextTokens' is 0; a request has"),
        ("azure", AZURE_HEAD + "2023-11-16 18:00:01,nan,5\n", ":3: 'ContextTokens' is 'nan', not a finite number"),
        ("azure", AZURE_HEAD + "2023-11-16 18:00:01,7\n", ":3: 'GeneratedTokens' is missing"),
        ("azure", AZURE_HEAD + "soon,7,7\n", ":3: 'TIMESTAMP' is 'soon', not a time"),
        ("azure", AZURE_HEAD + "2023-11-16 25:00:01,7,7\n", ":3: 'TIMESTAMP' is '2023-11-16 25:00:01'"),
        ("azure", "TIMESTAMP,ContextToken,GeneratedTokens\n", "did you mean 'ContextToken'?"),
        ("azure", "TIMESTAMP,ContextTokens,GeneratedTokens\n", ": has no requests"),
        ("vidur", VIDUR_HEAD + "inf,1,1\n", ":3: 'arrived_at' is 'inf', not a finite number"),
        ("vidur", VIDUR_HEAD + "0.1,1,1\n", ":3: the time is before"),
    ],
)
@pytest.mark.parametrize("zipped", [False, True])
def test_bad_lines_are_named(tmp_path, kind, text, says, zipped):
    path = tmp_path / "bad"
    path.write_bytes(gzip.compress(text.encode()) if zipped else text.encode())
    with pytest.raises(InputError) as error:
        list(source({"kind": kind, "path": "bad"}, tmp_path))
    assert says in str(error.value)
    assert len(error.value.problems) == 1


def test_damaged_files(tmp_path, shared_data, monkeypatch):
    whole = (shared_data / MOONCAKE).read_bytes()
    (tmp_path / "cut.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match=r"cut.gz:\d+: the gzip file is cut short or damaged after line \d+"):
        list(source({"kind": "mooncake", "path": "cut.gz"}, tmp_path))
    (tmp_path / "flip.gz").write_bytes(whole[:5000] + b"\0\0\0\0\0\0\0\0" + whole[5008:])
    with pytest.raises(InputError, match=r"flip.gz:\d+"):
        list(source({"kind": "mooncake", "path": "flip.gz"}, tmp_path))
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="binary:1: is not text"):
        list(source({"kind": "azure", "path": "binary"}, tmp_path))
    with pytest.raises(InputError, match=r"does not exist; .*github.com/kvcache-ai/Mooncake"):
        list(source({"kind": "mooncake", "path": "nowhere.jsonl"}, tmp_path))
    monkeypatch.delenv("PAASIM_DATA", raising=False)
    with pytest.raises(InputError, match="PAASIM_DATA is not set"):
        list(source({"kind": "mooncake", "path": "${PAASIM_DATA}/x"}))


def test_a_stream_is_not_read_further_than_asked(tmp_path):
    (tmp_path / "late.jsonl").write_text(mooncake(LINE, LINE, "broken"))
    assert len(list(islice(source({"kind": "mooncake", "path": "late.jsonl"}, tmp_path), 2))) == 2


@pytest.mark.parametrize("name", ["azure", "mooncake", "vidur"])
def test_writing_and_reading_a_format_gives_the_same_requests(tmp_path, name):
    draws = [(0.0, 10, 3, [0]), (0.0, 1500, 1, [0, 1, 2]), (86_399.9999999, 7, 7, [3]), (86_400.25, 600, 2, [0, 4])]
    path = tmp_path / "out.gz"
    assert write_trace(draws, path, name) == 4
    back = list(open_trace(path).requests())
    assert [draw[1:3] for draw in back] == [draw[1:3] for draw in draws]
    assert [draw[0] for draw in back] == pytest.approx([draw[0] for draw in draws], abs=1e-6)
    if name == "mooncake":
        assert [draw[3] for draw in back] == [draw[3] for draw in draws]
    assert list(tmp_path.iterdir()) == [path]


def test_summary_of_a_small_trace():
    summary = summarise([(0.0, 600, 1, [1, 2]), (1.0, 1000, 2, [1, 3]), (3.0, 500, 3, [4]), (4.0, 600, 4, [5, 2])], 512)
    assert (summary.requests, summary.duration, summary.rate) == (4, 4.0, 0.75)
    assert summary.sharing["repeated_share"] == pytest.approx(2 / 7)
    assert summary.sharing["hit_share"] == pytest.approx(1 / 7)  # block 2 repeats, but not at the head of the last
    assert rank_correlation([1, 2, 3], [2, 4, 9]) == pytest.approx(1)


def test_show_and_convert(shared_data, tmp_path):
    facts = json.loads(runner.invoke(app, ["show", str(shared_data / AZURE), "--json"]).stdout)
    assert (facts["requests"], facts["format"], facts["sharing"]) == (15_606, "azure", None)
    text = runner.invoke(app, ["show", str(shared_data / MOONCAKE)]).stdout
    assert "9,023 requests" in text
    assert "35.3% repeat" in text
    out = tmp_path / "short.csv"
    converted = runner.invoke(app, ["convert", str(shared_data / MOONCAKE), "-o", str(out), "--limit", "50"])
    assert converted.exit_code == 0, converted.output
    assert "block ids are lost" in converted.stderr
    back = list(open_trace(out).requests())
    assert [draw[1] for draw in back] == [draw[1] for draw in islice(open_trace(shared_data / MOONCAKE).requests(), 50)]
    there = runner.invoke(app, ["convert", str(out), "-o", str(tmp_path / "there.jsonl.gz"), "--json"])
    assert json.loads(there.stdout)["requests"] == 50
    again = list(open_trace(tmp_path / "there.jsonl.gz").requests())
    assert [draw[1:3] for draw in again] == [draw[1:3] for draw in back]
    assert [draw[0] for draw in again] == pytest.approx([draw[0] for draw in back], abs=1e-6)
    with pytest.raises(InputError, match="the ending names no trace format"):
        runner.invoke(app, ["convert", str(out), "-o", str(tmp_path / "x.bin")], catch_exceptions=False)


def test_fit_makes_the_bundled_tables(shared_data, tmp_path):
    out = tmp_path / "mooncake-conversation.csv"
    done = runner.invoke(app, ["fit", str(shared_data / MOONCAKE), "-o", str(out), "--json"])
    assert done.exit_code == 0, done.output
    assert out.read_text() == (bundled("profiles") / "workloads" / out.name).read_text()
    assert json.loads(done.stdout)["prefix_sharing"]["repeated_share"] == 0.353


@pytest.mark.parametrize("name", names())
def test_bundled_fits_keep_means_and_name_their_source(name):
    import yaml

    folder = bundled("profiles") / "workloads"
    facts = yaml.safe_load((folder / f"{name}.yaml").read_text())
    assert facts["provenance"] == "fitted"
    assert facts["source"].startswith("https://")
    assert facts["licence"]
    prompt, output = read_table(folder / f"{name}.csv").means()
    assert prompt == pytest.approx(facts["mean_prompt"], rel=0.01)
    assert output == pytest.approx(facts["mean_output"], rel=0.03)
    spec = {"arrivals": {"kind": "poisson", "rate": "1 /s"}, "lengths": {"kind": "bundled", "name": name}}
    draws = np.array([draw[1:3] for draw in islice(source(spec), 100_000)])
    assert draws.min() >= 1
    assert draws.mean(axis=0) == pytest.approx([prompt, output], rel=0.02)


def test_fits_keep_the_rank_correlation(shared_data):
    path = shared_data / "traces" / "lengths" / "sharegpt_8k_filtered_stats_llama2_tokenizer.csv.gz"
    from paasim.workload.fit import read_lengths

    prompts, outputs, _ = read_lengths(path)
    spec = {"arrivals": {"kind": "poisson", "rate": "1 /s"}, "lengths": {"kind": "bundled", "name": "sharegpt"}}
    draws = list(islice(source(spec), 50_000))
    fitted = rank_correlation([draw[1] for draw in draws], [draw[2] for draw in draws])
    assert fitted == pytest.approx(rank_correlation(prompts, outputs), abs=0.03)
    for quantile in (0.1, 0.5, 0.9, 0.99):
        assert np.quantile([draw[1] for draw in draws], quantile) == pytest.approx(
            np.quantile(prompts, quantile), rel=0.06
        )


def test_too_few_requests_to_fit(tmp_path):
    (tmp_path / "few.jsonl").write_text(mooncake(LINE, LINE))
    args = ["fit", str(tmp_path / "few.jsonl"), "-o", str(tmp_path / "x.csv")]
    with pytest.raises(InputError, match="too few for 10 bins"):
        runner.invoke(app, args, catch_exceptions=False)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("part,low,high,p,tokens\nprompt,0,1,0,5\nprompt,0,1,1,4\noutput,0,1,0,1\noutput,0,1,1,2\n", "must not fall"),
        (
            "part,low,high,p,tokens\nprompt,0,1,0,5\nprompt,0,1,0.9,6\noutput,0,1,0,1\noutput,0,1,1,2\n",
            "rise from 0 to 1",
        ),
        ("part,low,high,p,tokens\nprompt,0,1,0,5\nprompt,0,1,1,6\noutput,0,1,0,1\noutput,0,1,0.5,2\n", "the same p"),
        ("part,low,high,p,tokens\nprompt,0,1,0,0\n", "less than one"),
        ("part,low,high,p,tokens\nlength,0,1,0,1\n", "not prompt or output"),
        ("part,low,high,p,tokens\nprompt,0,1,0,1\n", "needs one set"),
    ],
)
def test_bad_tables(tmp_path, text, says):
    (tmp_path / "bad.csv").write_text(text)
    with pytest.raises(InputError, match=says):
        read_table(tmp_path / "bad.csv")


@pytest.mark.parametrize("kind", ["azure", "vidur", None])
def test_an_empty_file_has_no_rows(tmp_path, kind: str | None) -> None:
    file = tmp_path / "empty.csv"
    file.write_text("")
    with pytest.raises(InputError, match="has no rows"):
        next(open_trace(file, kind).requests())
