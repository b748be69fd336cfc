"""Bytes of KV cache and state: what a sequence takes in memory, and what of it has to cross a network.

With g a layer group, b_g its bytes per token, w_g its window (infinite for full attention) and s_g its fixed state:

* kept by one copy: `kv_bytes(L) = Σ_g b_g · min(L, w_g) + s_g`;
* kept by the GPUs of a tensor-parallel group: each term times its copies (`LayerGroup.copies`);
* sent: the suffix that the receiver lacks for full attention, `min(L, w_g)` for windows, states whole.

Left out: block rounding (the engine's), and page alignment between groups of different size.
"""

from __future__ import annotations

from paasim.model.dtypes import KvDtype, bytes_per_number
from paasim.model.groups.group import LayerGroup
from paasim.model.spec import ModelSpec


class Model:
    """An LLM as a network and a KV memory see it; cheap to ask, made once per run.

    Args:
        spec: what is known of the model.
        kv_dtype: format of the KV cache, if not the one of the spec. States keep their own.
    """

    def __init__(self, spec: ModelSpec, kv_dtype: KvDtype | None = None) -> None:
        self.spec = spec
        self.id = spec.id
        self.name = spec.name
        self.source = spec.source
        self.dtype = spec.dtype
        self.kv_dtype: KvDtype = kv_dtype or spec.kv_dtype
        self.groups: tuple[LayerGroup, ...] = tuple(spec.layers)
        grown = [(g.growth(self.kv_dtype), g.window_tokens) for g in self.groups]
        self._full = sum(growth for growth, window in grown if not window)
        self._windowed = [(growth, window) for growth, window in grown if window and growth]
        self.state_bytes: float = sum(g.state(self.kv_dtype) for g in self.groups)
        """Fixed state of one sequence, all layers, bytes."""
        self.kv_bytes_per_token: float = self._full + sum(growth for growth, _ in self._windowed)
        """Bytes that one more token adds while no window is full, all layers."""
        self.stream_layers: int = sum(g.layers for g in self.groups)
        """Layers that keep KV or state: the number of parts when KV is sent layer by layer."""
        self.windows: list[tuple[int, float]] = self._weights()
        """(window in tokens, share of the bytes per token) for each window; window 0 is full attention."""

    def stored_as(self, kv_dtype: KvDtype) -> Model:
        """The same model with its KV cache in another format."""
        return Model(self.spec, kv_dtype)

    def kv_bytes(self, tokens: float) -> float:
        """Bytes of one copy of the KV cache and state of a sequence of `tokens` tokens; 0 for no tokens."""
        if tokens <= 0:
            return 0.0
        total = self._full * tokens + self.state_bytes
        for growth, window in self._windowed:
            total += growth * (tokens if tokens < window else window)
        return total

    def sent_bytes(self, prompt: float, at_receiver: float = 0.0, holds_window: bool = False) -> float:
        """Bytes that must cross the network so that the receiver can go on after `prompt` tokens.

        Args:
            prompt: tokens of context that the receiver needs.
            at_receiver: leading tokens whose full-attention KV it has already.
            holds_window: whether it also has the window before that point in the sliding-window layers (it seldom
                does: engines let tokens go that fall out of the window). Otherwise `min(prompt, window)` is sent.

        Returns:
            Bytes: full attention sends the suffix; windows as above; fixed states are always sent whole, since they
            stand for one position. 0 if the receiver has everything.
        """
        suffix = prompt - at_receiver
        if suffix <= 0:
            return 0.0
        total = self._full * suffix + self.state_bytes
        needed = suffix if holds_window else prompt
        for growth, window in self._windowed:
            total += growth * (needed if needed < window else window)
        return total

    def sent_by(self, prompt: int, at_receiver: int, computed: int) -> float:
        """Bytes of `sent_bytes` that are there to send when `computed` tokens of the prompt are.

        Full attention: those beyond `at_receiver`; windows: those of the last `window` tokens of the prompt; fixed
        states: all of them with the last token, since they stand for that position.
        """
        if computed >= prompt:
            return self.sent_bytes(prompt, at_receiver)
        if at_receiver >= prompt:
            return 0.0
        total = self._full * max(computed - at_receiver, 0)
        for growth, window in self._windowed:
            total += growth * max(computed - max(prompt - window, 0), 0)
        return total

    def capacity_bytes(self, tokens: float, tp: int) -> float:
        """Bytes that a sequence takes on all GPUs of a tensor-parallel group together, copies counted."""
        total = 0.0
        for group in self.groups:
            window = group.window_tokens
            kept = min(tokens, window) if window else tokens
            total += (group.growth(self.kv_dtype) * kept + group.state(self.kv_dtype)) * group.copies(tp)
        return total if tokens > 0 else 0.0

    def attended(self, context: float) -> float:
        """Tokens that one decode step reads for a sequence, weighted: Σ share · min(context, window)."""
        if not self._windowed:
            return context if self._full else 0.0
        return sum(share * (min(context, window) if window else context) for window, share in self.windows)

    def weight_bytes(self, dtype: str | None = None) -> float | None:
        """Bytes of the weights if all of them are in `dtype` (default: the published one).

        None where the number of weights is not known or the format has no fixed size. An estimate for mixed formats:
        embeddings and norms usually stay in 16 bits.
        """
        size = bytes_per_number(dtype or self.dtype)
        return None if size is None or self.spec.parameters is None else self.spec.parameters * size

    def _weights(self) -> list[tuple[int, float]]:
        whole = self.kv_bytes_per_token
        shares: dict[int, float] = {0: self._full} if self._full else {}
        for growth, window in self._windowed:
            shares[window] = shares.get(window, 0.0) + growth
        return [(window, share / whole) for window, share in shares.items()]
