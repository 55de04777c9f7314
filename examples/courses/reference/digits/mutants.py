"""Wrong implementations that must lose points in their own exercise."""

from autograder.rubric import Variants

variants = Variants()


@variants.mutant(of="train_predict", hint="What do you return: scores, or the label with the largest one?")
def scores_for_labels(images, labels, unseen, seed):
    means = torch.stack([images[labels == label].mean(0).nan_to_num() for label in range(10)])
    return -torch.cdist(unseen.flatten(1), means.flatten(1))

