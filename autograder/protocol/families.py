"""Families of library functions that do the same work, whatever their names: a ban on one of them is a ban on all.

A rubric bans public names (`torch.nn.functional.conv2d`). The table below says what else does that work: torch's
functions and the operators that they end in by a pattern of their names, and Python code, which ends in operators that
everybody needs, by name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

OTHER_FRAMEWORKS = ("jax", "tensorflow", "keras", "mxnet")
"""Libraries that do the work of every family. Torch itself imports none of them."""
NUMERICAL = ("scipy", "sklearn", "skimage", "cv2")
"""Libraries that do the work of some families."""
EVERY = OTHER_FRAMEWORKS + NUMERICAL


@dataclass(frozen=True)
class Family:
    """Library functions that do the same work.

    Attributes:
        name: Its name.
        words: What students read: "no ..." can be put in front of it.
        bans: A pattern of the banned names, dotted, that mean this family.
        operators: A pattern of the plain names of torch's functions and operators in it. "" where there are none.
        names: Python functions and classes in it, dotted; a module stands for all functions in it and below it.
        libraries: Other libraries that do its work, and are out of reach as a whole.
    """

    name: str
    words: str
    bans: str
    operators: str = ""
    names: tuple[str, ...] = ()
    libraries: tuple[str, ...] = OTHER_FRAMEWORKS

    @cached_property
    def _operators(self) -> re.Pattern[str] | None:
        return re.compile(self.operators) if self.operators else None

    def means(self, banned: str) -> bool:
        """Return whether a banned name, such as "torch.nn.Conv2d", means this family."""
        return re.fullmatch(self.bans, banned) is not None

    def has(self, operator: str) -> bool:
        """Return whether an operator's or a torch function's plain name, such as "conv2d", is one of this family."""
        return self._operators is not None and self._operators.fullmatch(operator) is not None


def _in_torch(pattern: str) -> str:
    """Return a pattern for names anywhere in torch whose last part matches."""
    return rf"torch\.(?:\w+\.)*(?:{pattern})"


AUTOGRAD = Family(
    "autograd",
    "automatic derivatives (`backward`, `torch.autograd`, `torch.func.grad`)",
    r"torch\.(?:Tensor\.backward|autograd\.(?:grad|backward|functional.*|forward_ad.*|_engine\w*|graph\._engine\w*)"
    r"|func\.(?:grad\w*|jac\w+|vjp|jvp|hessian|linearize))",
    r".*_backward(?:_.*)?|backward|_make_dual",
    (
        "torch.autograd.grad", "torch.autograd.backward", "torch.autograd.functional",
        "torch.autograd.forward_ad.dual_level", "torch.autograd.forward_ad.enter_dual_level",
        "torch.autograd.forward_ad.make_dual", "torch.autograd.graph._engine_run_backward", "torch.Tensor.backward",
        "torch.func.grad", "torch.func.grad_and_value", "torch.func.vjp", "torch.func.jvp", "torch.func.jacrev",
        "torch.func.jacfwd",
        "torch.func.hessian", "torch.func.linearize", "scipy.optimize.approx_fprime", "scipy.differentiate",
    ),
)  # fmt: skip
"""The derivatives that nobody wrote. Where it is banned, a call is below autograd as a whole."""

FAMILIES = (
    Family(
        "convolution",
        "library convolutions (`F.conv2d`, `nn.Conv2d`, ...)",
        _in_torch(r"(?:Lazy)?[Cc]onv\w*"),
        r".*conv(?!ert).*",
        ("numpy.convolve", "numpy.correlate"),
        libraries=EVERY,
    ),
    Family(
        "unfolding",
        "`F.unfold` or `F.fold`",
        _in_torch(r"nn\.(?:functional\.)?(?:un|Un)?[fF]old"),
        r"im2col|col2im",
        libraries=EVERY,
    ),
    Family(
        "pooling",
        "library pooling (`F.max_pool2d`, `nn.AvgPool2d`, ...)",
        _in_torch(r"\w*(?:[Pp]ool|[Uu]npool)\w*"),
        r".*pool.*",
        libraries=EVERY,
    ),
    Family(
        "softmax",
        "library softmax (`torch.softmax`, `F.log_softmax`, ...)",
        _in_torch(r"(?:gumbel_)?(?:softmax|softmin)|Softmax(?:2d)?|Softmin"),
        r".*softm(?:ax|in).*|.*attention.*|.*multi_?head.*|_transformer_encoder_layer_fwd|.*cross_entropy.*",
        libraries=EVERY,
    ),
    Family(
        "log-softmax",
        "`log_softmax`",
        _in_torch("log_softmax|LogSoftmax"),
        r".*log_?softmax.*|cross_entropy.*",
        libraries=EVERY,
    ),
    Family(
        "cross-entropy",
        "library cross-entropy (`F.cross_entropy`, `F.nll_loss`, ...)",
        _in_torch(r"\w*(?:cross_entropy|nll_loss|kl_div)\w*|CrossEntropyLoss|NLLLoss|KLDivLoss"),
        r".*cross_entropy.*|.*nll_loss.*|.*kl_div.*|.*ctc_loss.*",
        ("torch.distributions.Categorical", "torch.distributions.Multinomial", "torch.distributions.OneHotCategorical"),
        libraries=EVERY,
    ),
    Family("one-hot", "`F.one_hot`", _in_torch("one_hot"), r"one_hot", ("pandas.get_dummies",), EVERY),
    Family(
        "normalisation",
        "library normalisation (`nn.LayerNorm`, `F.batch_norm`, ...)",
        _in_torch(r"\w*(?:batch|layer|group|instance|rms)_norm|\w*(?:Batch|Layer|Group|Instance|RMS)Norm\w*"),
        r".*(?:batch|layer|group|instance|rms)_?norm.*",
        libraries=EVERY,
    ),
    Family(
        "attention",
        "ready-made attention (`F.scaled_dot_product_attention`, `nn.MultiheadAttention`)",
        _in_torch(r"\w*attention\w*|MultiheadAttention"),
        r".*attention.*|.*multi_?head.*|_transformer_encoder_layer_fwd|.*qkv.*",
        ("torch.nn.functional.multi_head_attention_forward", "torch.nn.attention.flex_attention.flex_attention"),
    ),
    Family(
        "transformer blocks",
        "ready-made blocks (`nn.TransformerEncoderLayer`, ...)",
        r"torch\.nn\.Transformer\w*",
        r"_transformer_encoder_layer_fwd",
        (
            "torch.nn.Transformer", "torch.nn.TransformerEncoder", "torch.nn.TransformerEncoderLayer",
            "torch.nn.TransformerDecoder", "torch.nn.TransformerDecoderLayer",
        ),
    ),
    Family(
        "optimisers",
        "`torch.optim`",
        r"torch\.optim(?:\.(?!lr_scheduler|swa_utils).*)?",
        r"_fused_(?:sgd|ada\w+)_?",
        ("torch.optim", "torch.distributed.optim"),
    ),
    Family(
        "sampling on a grid",
        "`F.affine_grid` or `F.grid_sample`",
        _in_torch(r"affine_grid\w*|grid_sample\w*"),
        r".*grid_sampl.*|affine_grid.*|cudnn_grid.*",
        libraries=EVERY,
    ),
    Family(
        "clipping",
        "`torch.nn.utils.clip_grad_norm_`",
        r"torch\.nn\.utils\.(?:clip_grad_norm_?|clip_grads_with_norm_|get_total_norm)",
        names=(
            "torch.nn.utils.clip_grad_norm_", "torch.nn.utils.clip_grad_norm", "torch.nn.utils.clip_grads_with_norm_",
            "torch.nn.utils.get_total_norm",
        ),
    ),
    AUTOGRAD,
)  # fmt: skip
NOT_OPTIMISERS = ("torch.optim.lr_scheduler", "torch.optim.swa_utils", "torch.optim.optimizer")
"""Modules beside the optimisers that take no step themselves."""


def families(banned: Iterable[str]) -> tuple[Family, ...]:
    """Return the families that banned names mean, in the table's order."""
    names = tuple(banned)
    return tuple(family for family in FAMILIES if any(family.means(name) for name in names))


def libraries(found: Iterable[Family]) -> tuple[str, ...]:
    """Return the other libraries that do the work of these families."""
    return tuple(sorted({library for family in found for library in family.libraries}))


def in_words(banned: Iterable[str]) -> list[str]:
    """Return what is banned as students read it: a phrase for each family, and the names that belong to none."""
    names = tuple(banned)
    found = families(names)
    if "softmax" in {family.name for family in found}:
        found = tuple(family for family in found if family.name != "log-softmax")  # it is among its words
    single = [f"`{name}`" for name in names if not any(family.means(name) for family in FAMILIES)]
    return [family.words for family in found] + single
