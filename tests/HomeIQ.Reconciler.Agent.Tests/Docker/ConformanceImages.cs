using HomeIQ.Reconciler.Desired;

namespace HomeIQ.Reconciler.Agent.Tests.Docker;

/// <summary>Two images that a host under test has, and how to ask whether what runs from them is well.</summary>
/// <param name="App">A reference to an image that serves until it is told to end, and behaves as its environment says (see <see cref="ContainerHostConformance"/>).</param>
/// <param name="Other">A reference to another version of it, with an id of its own.</param>
/// <param name="HealthTest">The test of a health check of it.</param>
public sealed record ConformanceImages(string App, string Other, ValueList<string> HealthTest);
