using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Yaml;

namespace HomeIQ.Reconciler.Compose;

// What the engine does beside the process: restarts, health checks, logs.
internal sealed partial class ServiceReader
{
    private static readonly TimeSpan DefaultInterval = TimeSpan.FromSeconds(30);

    private ContainerSpec Supervision(ContainerSpec spec) => spec with { Restart = Restart(), HealthCheck = Health(), Logging = Logs() };

    private RestartPolicy Restart()
    {
        if (keys.Scalar("restart") is not { } scalar || keys.Settled(scalar) is not { } text)
        {
            return RestartPolicy.No;
        }

        switch (text)
        {
            case "no" or "":
                return RestartPolicy.No;
            case "always" or "unless-stopped" or "on-failure":
                return new(text);
            case var count when After("on-failure:", count) is { } digits && Units.Integer(digits) is >= 0 and <= int.MaxValue and var retries:
                return new("on-failure", (int)retries);
            default:
                Problems.Error(scalar.Position, $"{keys.Where}.restart", $"`{text}` is none of no, always, unless-stopped, on-failure, on-failure:N",
                    Suggestions.For(text, ["no", "always", "unless-stopped", "on-failure"]));
                return RestartPolicy.No;
        }
    }

    private HealthCheck? Health()
    {
        if (keys.Child("healthcheck") is not { } health)
        {
            return null;
        }

        var disable = health.Flag("disable") ?? false;
        var test = HealthTest(health);
        var interval = HealthTime(health, "interval") ?? TimeSpan.Zero;
        var timeout = HealthTime(health, "timeout") ?? TimeSpan.Zero;
        var retries = (int)(health.Integer("retries", 0, int.MaxValue) ?? 0);
        var startPeriod = HealthTime(health, "start_period") ?? TimeSpan.Zero;
        var startInterval = HealthTime(health, "start_interval");
        health.Done();
        if (disable || test is ["NONE", ..])
        {
            return HealthCheck.Disabled;
        }

        if (test is null)
        {
            if (!health.Has("test"))
            {
                Problems.Error(keys.At("healthcheck"), health.Where, "has no test", "write the test out: single values are not mixed with those of the image's own health check");
            }

            return null;
        }

        // Zero is the engine's word for its default.
        return new(test, interval == TimeSpan.Zero ? DefaultInterval : interval, timeout == TimeSpan.Zero ? DefaultInterval : timeout,
            retries == 0 ? 3 : retries, startPeriod, startInterval == TimeSpan.Zero ? null : startInterval);
    }

    private TimeSpan? HealthTime(KeyReader health, string key)
    {
        var time = health.Duration(key);
        if (time > TimeSpan.Zero && time < TimeSpan.FromMilliseconds(1))
        {
            health.Error(key, "is shorter than the engine allows", "write 1ms or more");
        }

        return time;
    }

    private ValueList<string>? HealthTest(KeyReader health)
    {
        switch (health.Find("test"))
        {
            case YamlScalar scalar:
                Hide("health.test", scalar);
                return ["CMD-SHELL", scalar.Text];
            case YamlSequence { Items: [] } empty:
                Problems.Error(empty.Position, $"{health.Where}.test", "is an empty list", "write [CMD, …], [CMD-SHELL, \"…\"] or [NONE]");
                return null;
            case YamlSequence:
                var words = health.Scalars("test");
                foreach (var word in words)
                {
                    Hide("health.test", word);
                }

                return Checked(words);
            case { } other:
                health.Wrong(other, "test", "a text or a list");
                break;
        }

        return null;

        ValueList<string>? Checked(IReadOnlyList<YamlScalar> words)
        {
            if (words.Count == 0)
            {
                return null;
            }

            var hint = words[0].Text switch
            {
                "NONE" when words.Count == 1 => null,
                "NONE" => "write [NONE] alone",
                "CMD-SHELL" when words.Count == 2 => null,
                "CMD-SHELL" => "write [CMD-SHELL, \"the whole command as one text\"]",
                "CMD" when words.Count > 1 => null,
                "CMD" => "write [CMD, program, argument, …]",
                _ => $"write [CMD, {words[0].Text}, …]",
            };
            if (hint is null)
            {
                return [.. words.Select(word => word.Text)];
            }

            Problems.Error(words[0].Position, $"{health.Where}.test", words[0].Text is "NONE" or "CMD" or "CMD-SHELL"
                ? $"`{words[0].Text}` does not stand with {words.Count - 1} more words"
                : $"begins with `{words[0].Text}` instead of CMD, CMD-SHELL or NONE", hint);
            return null;
        }
    }

    private Logging? Logs()
    {
        if (keys.Child("logging") is not { } logging)
        {
            return null;
        }

        var driver = logging.Word("driver");
        var options = logging.Entries("options");
        foreach (var option in options)
        {
            if (option.Value is YamlScalar scalar)
            {
                Hide($"logging.options.{option.Key.Text}", scalar, option.Key.Text);
            }
        }

        var map = logging.TextMap("options");
        logging.Done();

        // No driver and no options is what the engine does anyway.
        return driver is null && map.Count == 0 ? null : new(driver ?? "", map);
    }
}
