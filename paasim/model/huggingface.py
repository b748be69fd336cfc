"""Reading a Hugging Face `config.json`: which layers a model has and what each keeps of a sequence.

Only families whose layout is known are read; anything else is refused rather than guessed, since a wrong KV size would
silently spoil every answer. Field names and defaults are those of the `transformers` configuration classes
(https://huggingface.co/docs/transformers). The number of weights is not in a `config.json` and stays unknown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from paasim.core.errors import InputError, did_you_mean
from paasim.model.dtypes import KvDtype
from paasim.model.groups.attention import AttentionGroup
from paasim.model.groups.group import LayerGroup
from paasim.model.groups.linear import LinearGroup
from paasim.model.groups.mla import MlaGroup
from paasim.model.groups.sliding import SlidingWindowGroup
from paasim.model.spec import ModelSpec

_DTYPES: dict[str, KvDtype] = {"bfloat16": "bf16", "float16": "fp16", "float32": "fp32"}
FULL, SLIDING, LINEAR = "full_attention", "sliding_attention", "linear_attention"
"""Words of the `layer_types` field."""


class Config:
    """A `config.json` that complains with the name of the file."""

    def __init__(self, values: Mapping[str, Any], where: str) -> None:
        self.values = values
        self.where = where

    def whole(self, key: str, default: int | None = None) -> int:
        """A whole number above zero.

        Raises:
            InputError: if it is missing without a default, or not such a number.
        """
        value = self.values.get(key)
        if value is None and default is not None:
            return default
        if value is None:
            raise self.wrong(f"has no '{key}'")
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise self.wrong(f"'{key}' is {value!r}, not a whole number above zero")
        return value

    def wrong(self, what: str) -> InputError:
        """The error to raise."""
        return InputError.one(self.where, what, "describe the model's layers in a YAML file instead (docs: model)")


def from_config(config: Any, where: str, name: str | None = None) -> ModelSpec:
    """Turn a parsed `config.json` into a model.

    Args:
        config: the JSON document.
        where: its file, for messages, and for the name if none is given.
        name: Hugging Face id such as `Qwen/Qwen3-8B`; the document's own, or the file's folder, if left out.

    Raises:
        InputError: if it is not a model whose layers are understood.
    """
    if not isinstance(config, Mapping):
        raise InputError.one(where, "is not a model's config.json", "give the file of that name of a model")
    inner = config.get("text_config") or config.get("llm_config")
    text = {**config, **inner} if isinstance(inner, Mapping) else dict(config)
    values = Config(text, where)
    kind = text.get("model_type")
    reader = READERS.get(str(kind))
    if reader is None:
        raise values.wrong(f"model_type {kind!r} is not one that can be read ({did_you_mean(str(kind), READERS)})")
    folder = Path(where).resolve()
    name = name or str(config.get("_name_or_path") or (folder.parent.name if folder.stem == "config" else folder.stem))
    on_hub = name.count("/") == 1 and not name.startswith((".", "/"))
    context = text.get("max_position_embeddings", text.get("model_max_length"))
    return ModelSpec(
        id=name.rsplit("/", 1)[-1].lower(),
        name=name,
        source=f"https://huggingface.co/{name}/blob/main/config.json" if on_hub else "config.json given by the user",
        dtype=_weight_dtype(text),
        kv_dtype=_kv_dtype(text),
        max_context=context if isinstance(context, int) and context > 0 else None,
        layers=reader(values),
    )


def _number_format(text: Mapping[str, Any]) -> KvDtype:
    return _DTYPES.get(str(text.get("dtype") or text.get("torch_dtype") or "bfloat16"), "bf16")


def _weight_dtype(text: Mapping[str, Any]) -> str:
    quantization = text.get("quantization_config")
    method = quantization.get("quant_method") if isinstance(quantization, Mapping) else None
    return str(method) if method else _number_format(text)


def _kv_dtype(text: Mapping[str, Any]) -> KvDtype:
    """The format of the weights' arithmetic, unless the checkpoint carries scales for an 8-bit cache."""
    quantization = text.get("quantization_config")
    if isinstance(quantization, Mapping):
        scheme = quantization.get("kv_cache_scheme")
        eight = isinstance(scheme, Mapping) and scheme.get("num_bits") == 8
        if eight or str(quantization.get("kv_cache_quant_algo", "")).upper() == "FP8":
            return "fp8"
    return _number_format(text)


def _head_dim(config: Config) -> int:
    if config.values.get("head_dim") is not None:
        return config.whole("head_dim")
    return config.whole("hidden_size") // config.whole("num_attention_heads")


def _full(config: Config, layers: int) -> LayerGroup:
    heads = config.whole("num_key_value_heads", config.whole("num_attention_heads"))
    return AttentionGroup(layers=layers, kv_heads=heads, head_dim=_head_dim(config))


def _sliding(config: Config, layers: int) -> LayerGroup:
    heads = config.whole("num_key_value_heads", config.whole("num_attention_heads"))
    window = config.whole("sliding_window")
    return SlidingWindowGroup(layers=layers, kv_heads=heads, head_dim=_head_dim(config), window=window)


def _layer_types(config: Config, otherwise: Callable[[int], str]) -> list[str]:
    """What each layer is: from `layer_types` if there, else by the family's rule for layer i (from 0)."""
    layers = config.whole("num_hidden_layers")
    types = config.values.get("layer_types")
    if types is None:
        return [otherwise(i) for i in range(layers)]
    if not isinstance(types, list) or len(types) != layers:
        raise config.wrong(f"'layer_types' does not name each of the {layers} layers")
    return [str(one) for one in types]


def _mixed(config: Config, otherwise: Callable[[int], str]) -> list[LayerGroup]:
    """Layers of up to three types, grouped."""
    makers = {FULL: _full, SLIDING: _sliding, LINEAR: _delta_net}
    counts = Counter(_layer_types(config, otherwise))
    for unknown in sorted(counts.keys() - makers.keys()):
        raise config.wrong(f"layers of type '{unknown}' are not understood")
    return [makers[one](config, count) for one, count in sorted(counts.items())]


def _plain(config: Config) -> list[LayerGroup]:
    return _mixed(config, lambda i: FULL)


def _mistral(config: Config) -> list[LayerGroup]:
    windowed = config.values.get("sliding_window") is not None
    return _mixed(config, lambda i: SLIDING if windowed else FULL)


def _qwen(config: Config) -> list[LayerGroup]:
    """Qwen 2 and 3: windows only if switched on, and then only from layer `max_window_layers` on."""
    windowed = bool(config.values.get("use_sliding_window")) and config.values.get("sliding_window") is not None
    first = config.whole("max_window_layers", 28) if windowed else 0
    return _mixed(config, lambda i: SLIDING if windowed and i >= first else FULL)


def _one_full_in(default: int) -> Callable[[Config], list[LayerGroup]]:
    """Windows, but every n-th layer full: Gemma 2 and gpt-oss (2), Cohere 2 (4), Gemma 3 (6)."""

    def read(config: Config) -> list[LayerGroup]:
        key = "sliding_window_pattern" if "sliding_window_pattern" in config.values else "_sliding_window_pattern"
        every = config.whole(key, default)
        return _mixed(config, lambda i: SLIDING if (i + 1) % every else FULL)

    return read


def _qwen_next(config: Config) -> list[LayerGroup]:
    every = config.whole("full_attention_interval", 4)
    return _mixed(config, lambda i: LINEAR if (i + 1) % every else FULL)


def _delta_net(config: Config, layers: int) -> LayerGroup:
    keys, values = config.whole("linear_num_key_heads"), config.whole("linear_num_value_heads")
    key_dim, value_dim = config.whole("linear_key_head_dim"), config.whole("linear_value_head_dim")
    return LinearGroup(
        layers=layers,
        heads=values,
        key_dim=key_dim,
        value_dim=value_dim,
        conv_channels=2 * keys * key_dim + values * value_dim,
        conv_kernel=config.whole("linear_conv_kernel_dim", 4),
    )


def _mla(config: Config, layers: int | None = None) -> list[LayerGroup]:
    count = layers or config.whole("num_hidden_layers")
    return [MlaGroup(layers=count, latent=config.whole("kv_lora_rank"), rope=config.whole("qk_rope_head_dim"))]


def _kimi_linear(config: Config) -> list[LayerGroup]:
    """Kimi Delta Attention in the layers of `kda_layers`, MLA in those of `full_attn_layers`."""
    inner = config.values.get("linear_attn_config")
    if not isinstance(inner, Mapping):
        raise config.wrong("has no 'linear_attn_config'")
    linear = Config(inner, config.where)
    kda, full = inner.get("kda_layers"), inner.get("full_attn_layers")
    if not isinstance(kda, list) or not isinstance(full, list) or not full or not kda:
        raise config.wrong("'linear_attn_config' does not list 'kda_layers' and 'full_attn_layers'")
    heads, dim = linear.whole("num_heads"), linear.whole("head_dim")
    delta = LinearGroup(
        layers=len(kda),
        heads=heads,
        key_dim=dim,
        value_dim=dim,
        conv_channels=3 * heads * dim,
        conv_kernel=linear.whole("short_conv_kernel_size", 4),
    )
    return [*_mla(config, len(full)), delta]


def _nemotron_h(config: Config) -> list[LayerGroup]:
    """Mamba-2 (`M`), attention (`*`); `-` and `E` are feed-forward and keep nothing."""
    pattern = config.values.get("hybrid_override_pattern")
    if not isinstance(pattern, str) or set(pattern) - set("M*-E"):
        raise config.wrong(f"'hybrid_override_pattern' is {pattern!r}, not a string of M, *, - and E")
    heads, dim = config.whole("mamba_num_heads"), config.whole("mamba_head_dim")
    state = config.whole("ssm_state_size")
    mamba = LinearGroup(
        layers=max(1, pattern.count("M")),
        heads=heads,
        key_dim=state,
        value_dim=dim,
        state_dtype=_DTYPES.get(str(config.values.get("mamba_ssm_cache_dtype")), "fp32"),
        conv_channels=heads * dim + 2 * config.whole("n_groups") * state,
        conv_kernel=config.whole("conv_kernel", 4),
    )
    attention = [_full(config, pattern.count("*"))] if "*" in pattern else []
    return [*attention, mamba] if "M" in pattern else attention


READERS: dict[str, Callable[[Config], list[LayerGroup]]] = {
    **dict.fromkeys(
        ("llama", "gemma", "granite", "granitemoe", "olmo2", "glm4", "glm4_moe", "minimax_m2", "smollm3"), _plain
    ),
    **dict.fromkeys(("mistral", "mixtral", "ministral", "phi3", "starcoder2"), _mistral),
    **dict.fromkeys(("qwen2", "qwen2_moe", "qwen3", "qwen3_moe", "qwen3_vl_text"), _qwen),
    **dict.fromkeys(("gemma2", "gpt_oss"), _one_full_in(2)),
    "cohere2": _one_full_in(4),
    **dict.fromkeys(("gemma3_text", "gemma3"), _one_full_in(6)),
    **dict.fromkeys(("deepseek_v2", "deepseek_v3", "glm4_moe_lite", "kimi_k2"), lambda config: _mla(config)),
    **dict.fromkeys(("qwen3_next", "qwen3_5_text", "qwen3_5_moe_text"), _qwen_next),
    "kimi_linear": _kimi_linear,
    "nemotron_h": _nemotron_h,
}
"""`model_type` -> how to read its layers."""
