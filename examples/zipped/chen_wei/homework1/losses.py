def mae(prediction, label):
    return (prediction.reshape(-1) - label).abs().mean()


def mse(prediction, label):
    return ((prediction.reshape(-1) - label) ** 2).mean()
