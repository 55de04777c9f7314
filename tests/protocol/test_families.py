"""Families: a banned name means its family, and a family is known by the names of its operators."""

from __future__ import annotations

import pytest

from autograder.protocol.families import AUTOGRAD, FAMILIES, families, in_words
from autograder.protocol.names import resolve


def names(*banned: str) -> list[str]:
    return [family.name for family in families(banned)]


@pytest.mark.parametrize(
    ("banned", "means"),
    [
        ("torch.nn.functional.conv2d", ["convolution"]),
        ("torch.nn.ConvTranspose1d", ["convolution"]),
        ("torch.nn.Unfold", ["unfolding"]),
        ("torch.Tensor.unfold", []),
        ("torch.max_pool2d", ["pooling"]),
        ("torch.nn.MaxUnpool2d", ["pooling"]),
        ("torch.Tensor.softmax", ["softmax"]),
        ("torch.nn.LogSoftmax", ["log-softmax"]),
        ("torch.nn.functional.nll_loss", ["cross-entropy"]),
        ("torch.nn.functional.mse_loss", []),
        ("torch.nn.functional.one_hot", ["one-hot"]),
        ("torch.nn.BatchNorm2d", ["normalisation"]),
        ("torch.linalg.norm", []),
        ("torch.nn.MultiheadAttention", ["attention"]),
        ("torch.nn.Transformer", ["transformer blocks"]),
        ("torch.optim", ["optimisers"]),
        ("torch.optim.AdamW", ["optimisers"]),
        ("torch.optim.lr_scheduler.StepLR", []),
        ("torch.grid_sampler", ["sampling on a grid"]),
        ("torch.nn.utils.clip_grad_norm_", ["clipping"]),
        ("torch.nn.utils.clip_grad_value_", []),
        ("torch.autograd.grad", ["autograd"]),
        ("torch.func.jacfwd", ["autograd"]),
        ("torch.func.vmap", []),
        ("torch.autograd.Function", []),
        ("numpy.linalg.lstsq", []),
    ],
)
def test_a_banned_name_means_its_family(banned, means):
    assert names(banned) == means


@pytest.mark.parametrize(
    ("family", "inside", "outside"),
    [
        ("convolution", "conv2d _convolution mkldnn_convolution conv_transpose1d", "convert_element_type unfold mm"),
        ("unfolding", "im2col col2im", "unfold fold"),
        ("pooling", "max_pool2d_with_indices _adaptive_avg_pool2d max_unpool2d", "mean amax max"),
        ("softmax", "softmax _softmax softmin _log_softmax _scaled_dot_product_flash_attention", "logsumexp exp sum"),
        ("log-softmax", "log_softmax _log_softmax", "softmax _softmax log logsumexp"),
        ("cross-entropy", "nll_loss_forward cross_entropy_loss kl_div", "mse_loss log gather xlogy"),
        ("normalisation", "native_layer_norm _native_batch_norm_legit group_norm rms_norm", "norm linalg_vector_norm"),
        ("attention", "scaled_dot_product_attention _native_multi_head_attention", "bmm softmax"),
        ("optimisers", "_fused_adam_ _fused_sgd_", "_foreach_add_ add_ addcmul_"),
        ("autograd", "tanh_backward _softmax_backward_data backward convolution_backward", "tanh detach alias"),
        ("sampling on a grid", "grid_sampler_2d affine_grid_generator", "gather meshgrid"),
    ],
)
def test_a_family_is_known_by_its_operators(family, inside, outside):
    found = next(one for one in FAMILIES if one.name == family)
    assert [name for name in inside.split() if not found.has(name)] == []
    assert [name for name in outside.split() if found.has(name)] == []


def test_the_python_code_of_a_family_exists():
    for name in (name for family in FAMILIES for name in family.names):
        resolve(name)


def test_a_ban_in_words():
    assert in_words(("torch.softmax", "torch.log_softmax", "torch.kron")) == [
        "library softmax (`torch.softmax`, `F.log_softmax`, ...)",
        "`torch.kron`",
    ]
    assert in_words(("torch.autograd.grad", "torch.func.vjp")) == [AUTOGRAD.words]
