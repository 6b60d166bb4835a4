using HomeIQ.Reconciler.Desired;

namespace HomeIQ.Reconciler.Agent.Tests.Compose;

/// <summary>What the process that runs homeiq has in its environment is nobody's setting: a shell, a unit file and a container would make three different hosts.</summary>
public sealed class ProcessEnvironmentSpecs : IDisposable
{
    private const string Name = "HOMEIQ_PROCESS_ENVIRONMENT_SPECS";
    private const string Value = "of the process";

    private readonly string hostFile = Path.GetTempFileName();

    public ProcessEnvironmentSpecs() => Environment.SetEnvironmentVariable(Name, Value);

    public void Dispose()
    {
        Environment.SetEnvironmentVariable(Name, null);
        File.Delete(hostFile);
    }

    [Fact]
    public void It_does_not_interpolate()
    {
        var spec = Desk.Spec($$"""
            command: [run, "${{{Name}}:-nobody}", "${{{Name}}-nobody}"]
            labels: { set: "${{{Name}}+yes}" }
            """);

        Assert.Equal(["run", "nobody", "nobody"], spec.Command);
        Assert.Equal("", spec.Labels["set"]);
    }

    [Fact]
    public void A_variable_that_must_be_set_is_not_set_by_it() =>
        Assert.Contains("no value", Desk.Wrong($$"""command: ["${{{Name}}:?no value}"]"""), StringComparison.Ordinal);

    [Fact]
    public void A_bare_name_takes_nothing_from_it()
    {
        File.WriteAllText(hostFile, $"{Name}\nREFERS=${{{Name}:-nobody}}\n");
        var request = Desk.Request(Desk.Web($"environment: [{Name}, REFERS]\nenv_file: one.env"), ("desired-state/one.env", $"{Name}\nALSO=${{{Name}:-nobody}}\n"));

        var spec = Desk.Load(request with { EnvFiles = [hostFile] }).Find("web")!.Spec;

        Assert.Equal("nobody", spec.Environment["REFERS"]);
        Assert.Equal("nobody", spec.Environment["ALSO"]);
        Assert.DoesNotContain(Value, spec.Environment.Values);
    }

    [Fact]
    public void An_env_file_of_the_host_counts_all_the_same()
    {
        File.WriteAllText(hostFile, $"{Name}=of the file\n");
        var request = Desk.Request(Desk.Web($$"""command: ["${{{Name}}}"]"""));

        Assert.Equal(["of the file"], Desk.Load(request with { EnvFiles = [hostFile] }).Find("web")!.Spec.Command!);
    }
}
