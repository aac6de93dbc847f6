"""The widths of a model that the planner's formulas read.

Owns their derivation from an architecture and, where only a parameter count is known, from a
block of GPT's proportions. Computes neither memory nor time. Invariant: a shape counts the
parameters that `param_count` does, and for a GPT block the FLOPs of `training_flops`' model
formula and the activations of `activation_memory`.
"""

from dataclasses import dataclass

from calculators import param_count
from calculators._planner.inputs import PlanInputs


@dataclass(frozen=True, slots=True)
class Shape:
    """The widths of a model that memory and time depend on; elements unless said otherwise."""

    layers: float
    hidden: float
    heads: int
    kv_heads: int
    """Keys and values that tensor parallelism can split; 1 for latent attention, which every rank keeps whole."""
    seq_len: int
    vocab: float
    params: float
    expert_params: float
    attention_in: float
    """Columns of the projections into attention, (a + 2k)·d."""
    attention_out: float
    """Rows of the projection out of attention, a·d."""
    score_width: float
    """Width of queries against keys plus that of scores against values: 2·a·d."""
    kv_width: float
    """Width of the keys and values that context parallelism passes on, 2·k·d."""
    attention_kept: float
    """Bytes per token, divided by h, that attention keeps beside its scores; 8 for GPT."""
    gates: int
    """Matrices into the MLP: 2 with a gate, else 1."""
    ffn: float
    experts: int = 0
    top_k: int = 0
    moe_ffn: float = 0.0
    shared_ffn: float = 0.0
    sparse: float = 0.0
    """Share of the layers that are mixtures of experts."""
    whole_layers: bool = True
    """False where the number of layers is an estimate: then any cut of it will do."""

    @property
    def matrix_params(self) -> float:
        """Parameters that a token is multiplied with in one layer, averaged over the layers."""
        mlp = (self.gates + 1) * self.hidden
        dense = mlp * self.ffn
        mixture = mlp * (self.top_k * self.moe_ffn + self.shared_ffn) + self.hidden * self.experts
        attention = self.hidden * (self.attention_in + self.attention_out)
        return attention + (1 - self.sparse) * dense + self.sparse * mixture

    @property
    def flops_per_token(self) -> float:
        """Model FLOPs of a training step per token, dense attention, no recomputation (2205.05198 §6.3)."""
        body = self.layers * (self.matrix_params + self.seq_len * self.score_width)
        return 6 * (body + self.vocab * self.hidden)

    @property
    def kept(self) -> float:
        """Bytes per token, divided by h, of a layer that tensor parallelism splits; 24 for GPT.

        16 bits for what attention and MLP keep, as Korthikanti et al. count it (§4.1); wider
        MLPs, gates and experts are counted in the same way. Never less than their 24, so that a
        plan that fits here fits by `activation_memory` as well.
        """
        each = 2 * self.gates + 2
        dense = each * self.ffn / self.hidden
        mixture = (each * (self.top_k * self.moe_ffn + self.shared_ffn)) / self.hidden + 4 * self.top_k
        return max(24.0, self.attention_kept + (1 - self.sparse) * dense + self.sparse * mixture)


def shape_of(inputs: PlanInputs) -> Shape:
    """The shape of an architecture that `check_plan` has passed."""
    heads, kv_heads = inputs.heads, inputs.kv_heads or inputs.heads
    parts = param_count.count_parts(inputs)
    dense = inputs.dense_layers if inputs.experts else inputs.layers
    if inputs.mla is None:
        width = inputs.head_dim or inputs.hidden // heads
        into, out, scores = (heads + 2 * kv_heads) * width, heads * width, 2 * heads * width
        passed = 2 * kv_heads * width
        kept = 4 * (heads + kv_heads) * width / inputs.hidden
    else:
        latent = inputs.mla
        out, kv_heads, passed = heads * latent.v_head, 1, latent.kv_lora + latent.qk_rope
        into = param_count.attention_params(inputs) // inputs.hidden - out
        scores = heads * (latent.qk_nope + latent.qk_rope) + out
        kept = 4 * scores / inputs.hidden
    return Shape(
        layers=inputs.layers,
        hidden=inputs.hidden,
        heads=heads,
        kv_heads=kv_heads,
        seq_len=inputs.seq_len,
        vocab=inputs.vocab,
        params=parts.total,
        expert_params=parts.experts,
        attention_in=into,
        attention_out=out,
        score_width=scores,
        kv_width=passed,
        attention_kept=kept,
        gates=2 if inputs.glu else 1,
        ffn=inputs.ffn or 0,
        experts=inputs.experts,
        top_k=inputs.top_k or 0,
        moe_ffn=inputs.moe_ffn or 0,
        shared_ffn=inputs.shared_ffn,
        sparse=(inputs.layers - dense) / inputs.layers,
    )


GPT_VOCAB = 51_200
"""PTD-P §5.1: the vocabulary of all its models."""
_HEAD_DIM = 128
_ASPECT = 128
"""Width over depth of GPT-3 175B (12,288 to 96)."""


def shape_from_params(params: float, seq_len: int) -> Shape:
    """A block of GPT's proportions with that many parameters; the depth need not be whole."""
    width = (_ASPECT * params / 12) ** (1 / 3)
    step = 8 * _HEAD_DIM if width > 4 * _HEAD_DIM else _HEAD_DIM
    hidden = max(1, round(width / step)) * step
    heads = hidden // _HEAD_DIM
    vocab = min(GPT_VOCAB, 0.5 * params / hidden)
    return Shape(
        layers=max(1.0, (params - vocab * hidden) / (12 * hidden**2)),
        hidden=hidden,
        heads=heads,
        kv_heads=heads,
        seq_len=seq_len,
        vocab=vocab,
        params=params,
        expert_params=0.0,
        attention_in=3 * hidden,
        attention_out=hidden,
        score_width=2 * hidden,
        kv_width=2 * hidden,
        attention_kept=8.0,
        gates=1,
        ffn=4 * hidden,
        whole_layers=False,
    )
