"""3.1 Sizes, receptive fields, parameters."""

from __future__ import annotations

import math

from autograder.rubric import (
    Draw,
    Exercise,
    Reference,
    Score,
    Student,
    matches,
    short_answers,
)

exercise = Exercise(
    "3.1",
    "Sizes, receptive fields, parameters",
    owns=("conv_out_size", "receptive_field", "conv_params", "dense_params", "ANSWERS"),
    points=8,
)


@exercise.cases("conv_out_size", 0.5, sizes=((7, 3), (7, 3, 2)), public=True)
def first_numbers(draw: Draw, *numbers: int) -> tuple[int, ...]:
    """7 pixels, kernel 3: 5 positions, or 3 with stride 2."""
    return numbers


@exercise.cases("receptive_field", 0.5, public=True)
def first_field(draw: Draw) -> list[tuple[int, int]]:
    """A layer of kernel 3 sees 3 pixels."""
    return [(3, 1)]


@exercise.check("conv_out_size", 2)
def output_sizes(student: Student, reference: Reference, draw: Draw) -> None:
    """Padding counts on both sides, and a last, incomplete step is dropped."""
    for size, kernel, stride, padding in ((9, 3, 1, 2), (13, 4, 3, 2), (9, 2, 4, 0), (28, 5, 2, 1), (5, 5, 3, 0)):
        matches(student, reference, "conv_out_size", size, kernel, stride, padding)
    for _ in range(5):
        sides = draw.integer(20, 90), draw.integer(2, 8), draw.integer(2, 6), draw.integer(0, 4)
        matches(student, reference, "conv_out_size", *sides)


@exercise.check("receptive_field", 2)
def fields(student: Student, reference: Reference, draw: Draw) -> None:
    """Each layer widens the receptive field by its kernel less one, in steps of all strides before it."""
    stacks = [
        [],
        [(5, 3)],
        [(3, 1), (3, 1)],
        [(3, 2), (3, 1)],
        [(3, 1), (3, 2), (3, 2)],
        [(2, 2), (5, 1), (3, 3), (4, 1)],
        [(1, 3), (4, 2), (1, 2), (3, 1)],  # a kernel of 1 widens nothing, but its stride counts
    ]
    stacks.append([(draw.integer(1, 7), draw.integer(1, 4)) for _ in range(6)])
    for layers in stacks:
        matches(student, reference, "receptive_field", layers)


@exercise.check("conv_params", 0.5)
def parameters(student: Student, reference: Reference, draw: Draw) -> None:
    """A convolution has one kernel and one bias a filter, whatever the image."""
    matches(student, reference, "conv_params", 3, 8, (5, 3))
    matches(student, reference, "conv_params", 2049, 1023, (3, 3))
    matches(student, reference, "conv_params", draw.integer(2, 60), draw.integer(61, 99), (draw.integer(2, 5), 7))


@exercise.check("dense_params", 0.5)
def dense_parameters(student: Student, reference: Reference, draw: Draw) -> None:
    """A dense layer joins all inputs with all outputs."""
    matches(student, reference, "dense_params", (3, 4, 5), (2, 6, 7))
    matches(student, reference, "dense_params", (3, 301, 301), (1, 299, 299))  # more than 32 bits can count
    matches(student, reference, "dense_params", (2, draw.integer(8, 20), 9), (5, 3, draw.integer(21, 40)))


@exercise.check("ANSWERS", 2)
def answers(student: Student, reference: Reference, draw: Draw) -> Score:
    """The five numbers in ANSWERS are right."""
    questions = {
        "output width": 12,
        "receptive field": 15,
        "convolution parameters": 1792,
        "dense parameters": 30_001_000,
        "layers to see 28 columns": 14,
    }
    return short_answers(student, "ANSWERS", questions)


# --- mistakes ---


@exercise.mistake("conv_out_size", "Padding lies on both sides: how much longer does it make the axis?")
def one_pad(size, kernel, stride=1, padding=0):
    return (size + padding - kernel) // stride + 1


@exercise.mistake("conv_out_size", "The last step may not fit. Which way do you round then?")
def ceil(size, kernel, stride=1, padding=0):
    return math.ceil((size + 2 * padding - kernel) / stride) + 1


@exercise.mistake("conv_out_size", "Count positions, not steps: a kernel as long as the axis has one.")
def no_plus1_size(size, kernel, stride=1, padding=0):
    return (size + 2 * padding - kernel) // stride


@exercise.mistake("conv_out_size", "With stride 2, how many steps fit between the first and the last position?")
def stride_left_out(size, kernel, stride=1, padding=0):
    return size + 2 * padding - kernel + 1


@exercise.mistake("conv_out_size", "Is the 1 inside or outside of the division by the stride?")
def plus1_inside(size, kernel, stride=1, padding=0):
    return (size + 2 * padding - kernel + 1) // stride


@exercise.mistake(
    "receptive_field", "Two layers of kernel 3 see 5 pixels, not 6: how much does a layer add to what is seen?"
)
def rf_add_k(layers):
    field, jump = 0, 1
    for kernel, stride in layers:
        field += kernel * jump
        jump *= stride
    return max(field, 1)


@exercise.mistake("receptive_field", "After a stride of 2, how far apart in the input are the pixels a kernel sees?")
def rf_no_jump(layers):
    return 1 + sum(kernel - 1 for kernel, _ in layers)


@exercise.mistake(
    "receptive_field", "Does a layer's own stride spread the pixels it sees itself, or those of the next layer?"
)
def rf_own_stride(layers):
    field, jump = 1, 1
    for kernel, stride in layers:
        jump *= stride
        field += (kernel - 1) * jump
    return field


@exercise.mistake("receptive_field", "Strides follow upon one another: two of 2 make neighbours how many pixels apart?")
def rf_adds_strides(layers):
    field, jump = 1, 1
    for kernel, stride in layers:
        field += (kernel - 1) * jump
        jump += stride - 1
    return field


@exercise.mistake("conv_params", "Each filter has a bias, too.")
def p_no_bias(channels, filters, kernel):
    return filters * channels * kernel[0] * kernel[1]


@exercise.mistake("conv_params", "Is there a bias for each channel that comes in, or for each filter?")
def p_bias_ci(channels, filters, kernel):
    return filters * channels * kernel[0] * kernel[1] + channels


@exercise.mistake("conv_params", "Does a filter have one bias, or one for each channel it looks at?")
def p_bias_each_channel(channels, filters, kernel):
    return filters * channels * (kernel[0] * kernel[1] + 1)


@exercise.mistake("conv_params", "Kernels need not be square.")
def p_square(channels, filters, kernel):
    return filters * (channels * kernel[0] ** 2 + 1)


@exercise.mistake("dense_params", "Every output has a bias, too.")
def dense_no_bias(in_shape, out_shape):
    return math.prod(in_shape) * math.prod(out_shape)


@exercise.mistake("dense_params", "One bias a channel is how convolutions do it. How many does a dense layer have?")
def dense_bias_channel(in_shape, out_shape):
    return math.prod(in_shape) * math.prod(out_shape) + out_shape[0]


exercise.wrong_value(
    "answers_without_biases",
    "ANSWERS",
    "Count the biases as well, and think of what strides do to neighbours.",
    {
        "output width": 12,
        "receptive field": 7,
        "convolution parameters": 1728,
        "dense parameters": 30_000_000,
        "layers to see 28 columns": 14,
    },
)


exercise.wrong_value(
    "answers_with_size",
    "ANSWERS",
    "Does the number of a convolution's parameters depend on how large the image is?",
    {
        "output width": 12,
        "receptive field": 15,
        "convolution parameters": 64 * (3 * 100 * 100 * 9 + 1),
        "dense parameters": 30_001_000,
        "layers to see 28 columns": 14,
    },
)


@exercise.mistake("receptive_field", "A kernel of 1 widens nothing, but with a stride it spreads what comes after it.")
def rf_skips_ones(layers):
    field, jump = 1, 1
    for kernel, stride in layers:
        if kernel > 1:
            field += (kernel - 1) * jump
            jump *= stride
    return field


@exercise.mistake("conv_params", "Floats round large counts: stay with ints.")
def p_in_floats(channels, filters, kernel):
    return int(torch.tensor([filters, channels, *kernel], dtype=torch.float32).prod()) + filters


@exercise.mistake("dense_params", "Counts this large do not fit into 32 bits: stay with Python's ints.")
def dense_in_32_bits(in_shape, out_shape):
    inputs, outputs = (
        torch.tensor(shape, dtype=torch.int32).prod(dtype=torch.int32) for shape in (in_shape, out_shape)
    )
    return int(outputs * (inputs + 1))
