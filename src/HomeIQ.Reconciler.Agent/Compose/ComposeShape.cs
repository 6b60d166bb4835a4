namespace HomeIQ.Reconciler.Compose;

/// <summary>The shape of a Compose file: the attributes that have several forms, rules of their own for merging, or paths.</summary>
internal static class ComposeShape
{
    private static readonly Shape Pairs = new() { Form = Form.Pairs, IsFree = true };
    private static readonly Shape Free = new() { IsFree = true };
    private static readonly Shape Replaced = new() { Joining = Joining.Replace };
    private static readonly Shape Set = new() { Identity = ItemIdentity.Name };
    private static readonly Shape SetOrText = new() { Form = Form.Texts, Identity = ItemIdentity.Name };
    private static readonly Shape Path = new() { Paths = Paths.Relative };

    private static readonly Shape Build = new()
    {
        Form = Form.Build,
        Keys = new()
        {
            ["context"] = new() { Paths = Paths.Context },
            ["additional_contexts"] = new() { Form = Form.Pairs, IsFree = true, Each = new() { Paths = Paths.Context } },
            ["args"] = Pairs,
            ["labels"] = Pairs,
            ["extra_hosts"] = new() { Form = Form.Hosts, Identity = ItemIdentity.Text },
            ["tags"] = Set,
            ["platforms"] = Set,
            ["ulimits"] = new() { IsFree = true, Each = new() { Joining = Joining.Limit } },
        },
    };

    private static readonly Shape Network = new()
    {
        Keys = new()
        {
            ["aliases"] = Set,
            ["link_local_ips"] = Set,
            ["driver_opts"] = Free,
        },
    };

    private static readonly Shape Mount = new()
    {
        Paths = Paths.Mount,
        Keys = new() { ["volume"] = new() { Keys = new() { ["labels"] = Pairs } } },
    };

    private static readonly Shape Service = new()
    {
        Keys = new()
        {
            ["annotations"] = Pairs,
            ["build"] = Build,
            ["cap_add"] = Set,
            ["cap_drop"] = Set,
            ["command"] = Replaced,
            ["configs"] = new() { Form = Form.Grants, Identity = item => ItemIdentity.Grant(item, ""), MeansOneTarget = true },
            ["depends_on"] = new() { Form = Form.Dependencies, IsFree = true },
            ["deploy"] = new() { Keys = new() { ["labels"] = Pairs } },
            ["devices"] = new() { Identity = ItemIdentity.Device, MeansOneTarget = true },
            ["dns"] = SetOrText,
            ["dns_opt"] = SetOrText,
            ["dns_search"] = SetOrText,
            ["entrypoint"] = Replaced,
            ["env_file"] = new() { Form = Form.EnvFiles, Identity = ItemIdentity.PathKey, Each = new() { Keys = new() { ["path"] = Path } } },
            ["environment"] = Pairs,
            ["expose"] = Set,
            ["extra_hosts"] = new() { Form = Form.Hosts, Identity = ItemIdentity.Text },
            ["healthcheck"] = new() { Keys = new() { ["test"] = Replaced } },
            ["label_file"] = new() { Form = Form.Texts, Identity = ItemIdentity.Text, Each = Path },
            ["labels"] = Pairs,
            ["links"] = Set,
            ["logging"] = new() { Joining = Joining.ByDriver, Keys = new() { ["options"] = Free } },
            ["networks"] = new() { Form = Form.Names, IsFree = true, Each = Network },
            ["ports"] = new() { Identity = ItemIdentity.Port },
            ["profiles"] = Set,
            ["secrets"] = new() { Form = Form.Grants, Identity = item => ItemIdentity.Grant(item, "/run/secrets"), MeansOneTarget = true },
            ["storage_opt"] = Free,
            ["sysctls"] = Pairs,
            ["tmpfs"] = new() { Form = Form.Texts, Identity = ItemIdentity.Tmpfs },
            ["ulimits"] = new() { IsFree = true, Each = new() { Joining = Joining.Limit } },
            ["volumes"] = new() { Identity = ItemIdentity.Mount, MeansOneTarget = true, Each = Mount },
        },
    };

    private static readonly Shape Stored = new() { Keys = new() { ["file"] = Path, ["labels"] = Pairs, ["driver_opts"] = Free } };

    public static readonly Shape Root = new()
    {
        Keys = new()
        {
            ["services"] = new() { IsFree = true, Each = Service },
            ["networks"] = new()
            {
                IsFree = true,
                Each = new()
                {
                    Keys = new()
                    {
                        ["labels"] = Pairs,
                        ["driver_opts"] = Free,
                        ["ipam"] = new()
                        {
                            Keys = new() { ["options"] = Free, ["config"] = new() { Joining = Joining.Items, Identity = ItemIdentity.Subnet } },
                        },
                    },
                },
            },
            ["volumes"] = new() { IsFree = true, Each = new() { Keys = new() { ["labels"] = Pairs, ["driver_opts"] = Free } } },
            ["configs"] = new() { IsFree = true, Each = Stored },
            ["secrets"] = new() { IsFree = true, Each = Stored },
        },
    };

    public static Shape OneService => Service;
}
