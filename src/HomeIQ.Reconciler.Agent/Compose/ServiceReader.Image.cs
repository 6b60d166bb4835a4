using HomeIQ.Reconciler.Desired;

namespace HomeIQ.Reconciler.Compose;

// The image and when it is pulled.
internal sealed partial class ServiceReader
{
    private const string PinHint = "pin it in compose.versions.yaml";

    private string Image(bool built)
    {
        if (keys.Scalar("image") is not { Text.Length: > 0 } scalar)
        {
            if (!built)
            {
                Problems.Error(name.Position, keys.Where, "has neither an image nor a build", $"{PinHint}: services.{name.Text}.image");
                return "";
            }

            Problems.Add(name.Position, keys.Where, "is built, but its image has no name and version",
                $"{PinHint}: services.{name.Text}.image: {context.Project}/{name.Text}:1.0.0", context.InCommit);
            return $"{context.Project}-{name.Text}";
        }

        // A text with variables that nobody has resolved is not a name yet.
        if (context.Request.LeaveUnresolved && Unresolved.Has(scalar.Text))
        {
            return scalar.Text;
        }

        if (ImageReference.Parse(scalar.Text) is not { } reference)
        {
            Problems.Error(scalar.Position, $"{keys.Where}.image", $"`{scalar.Text}` is no image name", "write repository:tag or repository:tag@sha256:…, the repository in small letters");
        }
        else if (reference.IsFloating)
        {
            draft.FloatingImage = (scalar.Text, scalar.Position);
        }

        return scalar.Text;
    }

    private PullPolicy Pull(bool built)
    {
        if (keys.Scalar("pull_policy") is not { } scalar || keys.Settled(scalar) is not { } text)
        {
            return PullPolicy.Missing;
        }

        switch (text)
        {
            case "missing" or "if_not_present":
                return PullPolicy.Missing;
            case "always":
                return PullPolicy.Always;
            case "never":
                return PullPolicy.Never;
            case "build" when built:
                return PullPolicy.Build;
            case "build":
                Problems.Error(scalar.Position, $"{keys.Where}.pull_policy", "`build` needs a build section");
                return PullPolicy.Missing;
            case var calendar when calendar is "daily" or "weekly" || After("every_", calendar) is not null:
                Problems.Error(scalar.Position, $"{keys.Where}.pull_policy", $"`{text}` is not supported: an image changes by a commit, not by the calendar", "use missing, always, never or build");
                return PullPolicy.Missing;
            default:
                Problems.Error(scalar.Position, $"{keys.Where}.pull_policy", $"`{text}` is none of missing, always, never, build",
                    Suggestions.For(text, ["missing", "always", "never", "build", "if_not_present"]));
                return PullPolicy.Missing;
        }
    }
}
