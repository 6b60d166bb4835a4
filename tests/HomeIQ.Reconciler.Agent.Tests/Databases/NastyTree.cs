using System.Diagnostics;

namespace HomeIQ.Reconciler.Databases;

/// <summary>A folder with everything in it that copies are known to lose (DATA §5), made by a program of another hand.</summary>
internal static class NastyTree
{
    private const string Maker = """
        import os, struct, sys
        root = os.fsencode(sys.argv[1])
        p = lambda *names: os.path.join(root, *names)
        def put(path, data, mode=0o644, owner=None):
            with open(path, "wb") as f: f.write(data)
            if owner: os.chown(path, *owner)
            os.chmod(path, mode)
        os.mkdir(root)
        put(p(b"plain"), b"words\n" * 1000)
        put(p(b".dotfile"), b"dot")
        put(p(b"empty"), b"")
        put(p(b"setuid"), b"#!/bin/sh\n", 0o4755, (1000, 1000))
        put(p(b"of-others"), b"mine", 0o600, (1000, 4242))
        put(p(b"n" * 200), b"long")
        put(p(b"new\nline"), b"newline")
        put(p(b"no-utf8-\xff\xfe"), b"bytes")
        put(p(b"percent%41"), b"percent")
        put(p("ümläut-東京".encode()), b"unicode")
        put(p(b"-rf"), b"dash")
        os.mkdir(p(b"folder"), 0o750)
        os.mkdir(p(b"folder", b"sticky"))
        os.chmod(p(b"folder", b"sticky"), 0o3777)
        put(p(b"folder", b"first"), b"one content, two names", 0o640, (1000, 1000))
        os.link(p(b"folder", b"first"), p(b"folder", b"second"))
        os.symlink(b"first", p(b"folder", b"relative"))
        os.symlink(b"/etc/passwd", p(b"absolute"))
        os.symlink(b"nowhere\xff", p(b"dangling"))
        os.lchown(p(b"dangling"), 1000, 1000)
        os.mkfifo(p(b"pipe"))
        os.chmod(p(b"pipe"), 0o622)
        os.mknod(p(b"null"), 0o666 | 0o020000, os.makedev(1, 3))
        with open(p(b"sparse"), "wb") as f:
            f.seek(64 << 20); f.write(b"end")
        os.setxattr(p(b"plain"), b"user.note", b"kept \x00 too")
        os.setxattr(p(b"folder"), b"user.colour", b"green")
        os.setxattr(p(b"setuid"), b"security.capability", struct.pack("<IIIII", 0x02000001, 1 << 10, 0, 0, 0))
        acl = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *e) for e in [(1, 6, 0xffffffff), (2, 4, 1234), (4, 4, 0xffffffff), (16, 6, 0xffffffff), (32, 0, 0xffffffff)])
        os.setxattr(p(b"of-others"), b"system.posix_acl_access", acl)
        for base, folders, files in os.walk(root, topdown=False):
            for name in files + folders:
                os.utime(os.path.join(base, name), ns=(1, 1700000000123456789), follow_symlinks=False)
        os.chown(root, 1000, 4242)
        os.chmod(root, 0o2771)
        os.utime(root, ns=(1, 1600000000987654321))
        """;

    public static void Make(string root)
    {
        using var python = Process.Start(new ProcessStartInfo("python3", ["-c", Maker, root]) { UseShellExecute = false, RedirectStandardError = true })!;
        var error = python.StandardError.ReadToEnd();
        python.WaitForExit();
        Assert.True(python.ExitCode == 0, error);
    }

    public static void Shell(string folder, string script)
    {
        using var shell = Process.Start(new ProcessStartInfo("sh", ["-ec", script]) { UseShellExecute = false, WorkingDirectory = folder, RedirectStandardError = true })!;
        var error = shell.StandardError.ReadToEnd();
        shell.WaitForExit();
        Assert.True(shell.ExitCode == 0, error);
    }
}
