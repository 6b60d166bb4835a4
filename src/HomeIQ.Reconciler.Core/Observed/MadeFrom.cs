using HomeIQ.Reconciler.Desired;

namespace HomeIQ.Reconciler.Observed;

/// <summary>What a container was made from, as the engine tells it: everything written out, whoever asked for it.</summary>
/// <remarks>Networks are in <see cref="ContainerSpec.Networks"/> and the mode of the first beside them; labels of ours are left out.</remarks>
/// <param name="Image">What the image brings along, or nothing when the image is gone: who asked for that cannot be told from the container alone.</param>
public sealed record MadeFrom(ContainerSpec Container, ContainerSpec Image);
