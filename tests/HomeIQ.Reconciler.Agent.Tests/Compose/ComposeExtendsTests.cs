using HomeIQ.Reconciler.Yaml;

namespace HomeIQ.Reconciler.Agent.Tests.Compose;

public class ComposeExtendsTests
{
    [Fact]
    public void A_service_is_merged_over_the_one_that_it_extends() =>
        Assert.Equal(
            """
            services:
              base:
                image: x
                environment:
                  A: "1"
                command: [a]
              web:
                image: y
                environment:
                  A: "1"
                  B: 2
                command: [b]
            """,
            ComposeCase.Merge("services: {base: {image: x, environment: [A=1], command: [a]}, web: {extends: {service: base}, image: y, environment: {B: 2}, command: [b]}}"));

    [Fact]
    public void A_chain_is_followed_whatever_the_order_in_the_file() =>
        Assert.Equal(
            "services:\n  c:\n    image: x\n    init: true\n    user: u\n  b:\n    image: x\n    init: true\n  a:\n    image: x",
            ComposeCase.Merge("services: {c: {extends: b, user: u}, b: {extends: a, init: true}, a: {image: x}}"));

    [Fact]
    public void A_service_of_another_file_brings_its_own_paths_variables_and_extensions()
    {
        var tree = new MemoryTree
        {
            ["stack/compose.yaml"] = "services: {web: {extends: {file: ../shared/base.yaml, service: web}, volumes: ['./own:/own']}}",
            ["shared/base.yaml"] = "x-log: &log {driver: local}\nservices:\n  web: {extends: common, build: ./src, env_file: base.env, volumes: ['./conf:/conf', 'data:/data']}\n  common: {logging: *log, image: '${IMAGE}'}\n",
        };

        var (merged, problems) = ComposeCase.Load(tree, ["stack/compose.yaml"], ComposeCase.Host(("IMAGE", "x:1")));

        Assert.Empty(problems);
        Assert.Equal(
            """
            services:
              web:
                logging:
                  driver: local
                image: @"x:1"
                build:
                  context: ./shared/src
                env_file:
                  -
                    path: ./shared/base.env
                volumes: ["./shared/conf:/conf", "data:/data", "./stack/own:/own"]
            """,
            TreeText.Of(merged!.Root));
    }

    [Fact]
    public void A_chain_leads_through_several_files_each_with_its_own_folder()
    {
        var tree = new MemoryTree
        {
            ["compose.yaml"] = "services: {a: {extends: {file: one/1.yaml, service: a}}}",
            ["one/1.yaml"] = "services: {a: {extends: {file: two/2.yaml, service: b}, build: ./x}}",
            ["one/two/2.yaml"] = "services: {b: {env_file: e.env}}",
        };

        var (merged, problems) = ComposeCase.Load(tree, ["compose.yaml"]);

        Assert.Empty(problems);
        Assert.Equal("services:\n  a:\n    env_file:\n      -\n        path: ./one/two/e.env\n    build:\n      context: ./one/x", TreeText.Of(merged!.Root));
    }

    [Theory]
    [InlineData("services: {a: {extends: a}}", "1.yaml:1:25: error: `a` extends itself: a -> a")]
    [InlineData("services: {a: {extends: b}, b: {extends: a}}", "1.yaml:1:25: error: `a` extends itself: a -> b -> a")]
    [InlineData("services: {a: {extends: {service: a, file: 1.yaml}}}", "1.yaml:1:25: error: `a` extends itself: a -> a")]
    [InlineData("services: {a: {extends: gone}}", "1.yaml:1:25: error: `a` extends `gone`, which is no service of 1.yaml")]
    [InlineData("services: {a: {extends: {service: b, file: gone.yaml}}}", "1.yaml:1:44: error: the Compose file `gone.yaml` does not exist")]
    [InlineData("services: {a: {extends: {service: b, file: ../out.yaml}}}", "1.yaml:1:44: error: `../out.yaml` is no path inside the tree (only files of the repository can be extended)")]
    [InlineData("services: {a: {extends: {service: b, file: /etc/passwd}}}", "1.yaml:1:44: error: `/etc/passwd` is no path inside the tree (only files of the repository can be extended)")]
    [InlineData("services: {a: {extends: {file: 1.yaml}}}", "1.yaml:1:25: error: `extends` takes a service's name, or a mapping of `service` and `file`")]
    [InlineData("services: {a: {extends: [b]}}", "1.yaml:1:25: error: `extends` takes a service's name, or a mapping of `service` and `file`")]
    [InlineData("services: {a: {extends: }}", "1.yaml:1:25: error: `extends` takes a service's name, or a mapping of `service` and `file`")]
    [InlineData("services: {a: {extends: {service: b, image: c}}, b: {image: d}}", "1.yaml:1:38: error: `extends` has no key `image` (`service` and `file` are its keys)")]
    [InlineData("services: {a: {extends: b}, b: {depends_on: [c], network_mode: 'service:c'}, c: {image: d}}", "1.yaml:1:33: warning: `a` extends a service with `depends_on`, which it now has as well (the specification keeps dependencies out of extended services)\n1.yaml:1:50: warning: `a` extends a service with `network_mode`, which it now has as well (the specification keeps dependencies out of extended services)")]
    public void What_cannot_be_extended_is_a_problem_at_its_place(string file, string expected) => Assert.Equal(expected, ComposeCase.Problems(file));

    [Fact]
    public void A_circle_through_files_is_found()
    {
        var tree = new MemoryTree
        {
            ["a.yaml"] = "services: {a: {extends: {service: b, file: b.yaml}}}",
            ["b.yaml"] = "services: {b: {extends: {service: a, file: a.yaml}}}",
        };

        var (merged, problems) = ComposeCase.Load(tree, ["a.yaml"]);

        Assert.NotNull(merged);
        Assert.Equal("a.yaml:1:25: error: `a` extends itself: a -> b.yaml:b -> a", string.Join('\n', problems));
    }

    [Fact]
    public void A_chain_beyond_reason_is_refused()
    {
        var services = string.Concat(Enumerable.Range(0, 100).Select(index => $"  s{index}: {{extends: s{index + 1}}}\n"));

        Assert.Contains("`extends` leads over more than 32 services", ComposeCase.Problems($"services:\n{services}  s100: {{image: x}}\n"), StringComparison.Ordinal);
    }

    [Fact]
    public void An_override_may_extend_and_is_then_merged_over_the_earlier_file() =>
        Assert.Equal(
            "services:\n  a:\n    image: x\n    init: true\n    user: u\n  b:\n    init: true",
            ComposeCase.Merge("services: {a: {image: x}}", "services: {a: {extends: b, user: u}, b: {init: true}}"));

    [Fact]
    public void Nothing_of_extends_is_left_in_the_tree()
    {
        var (merged, _) = ComposeCase.Load(new MemoryTree { ["1.yaml"] = "services: {a: {extends: gone, image: x}}" }, ["1.yaml"]);

        Assert.Null(((YamlMapping)((YamlMapping)merged!.Root.Find("services")!).Find("a")!).Find("extends"));
    }
}
