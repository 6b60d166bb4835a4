#!/usr/bin/env bash
# Makes images whose database is migrated by Debian's own Alembic, out of this machine's packages and of images.sh's application.
#
#   alembic.sh SOCKET       SOCKET is a path or unix://path; images.sh was run there before
#
#   homeiq-test/rows:1.0.0          revision 0001: a table of devices
#   homeiq-test/rows:1.1.0          revision 0002: rooms, and a column of devices that is filled in
#   homeiq-test/rows:bad-row        revision 0002 meets a row that it cannot take, when one half of it is done
#   homeiq-test/rows:bad-shape      revision 0002 adds a constraint as SQLite cannot, when one half of it is done
#   homeiq-test/rows:bad-heads      two revisions follow 0001
#   homeiq-test/rows:bad-health     as 1.1.0, and never healthy
#
# The database is /data/app.db; whoever the container runs as owns it. Images made by this very recipe are left as they are.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "$(readlink -f "$0")")/lib.sh"

[ $# -eq 1 ] || die "usage: alembic.sh SOCKET"
export DOCKER_HOST="unix://${1#unix://}"
here=$(dirname "$(readlink -f "$0")")
packages=(libbz2-1.0 libc6 libcrypt1 libdb5.3 libexpat1 libffi8 libgcc-s1 liblzma5 libncursesw6 libpython3.11-minimal libpython3.11-stdlib libreadline8
    libsqlite3-0 libssl3 libstdc++6 libtinfo6 libuuid1 libzstd1 media-types python3.11-minimal python3-alembic python3-greenlet python3-mako
    python3-markupsafe python3-pkg-resources python3-sqlalchemy zlib1g)
recipe=$({ dpkg-query -W "${packages[@]}"; cat "$here/alembic.sh" "$here/images.sh" "$here"/app/*; } | sha256sum | cut -c1-16)
known=$(docker_client image ls --filter "label=homeiq-test.alembic=$recipe" --format '{{.Repository}}:{{.Tag}}')

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The application's own shell scripts go on calling themselves python under /usr/local/bin; the real one is /usr/bin/python3.11.
base() {
    ! grep -qxF homeiq-test/alembic:base <<<"$known" || return 0
    # Debian 12 has its libraries in /usr; some packages still name them by their old places.
    dpkg -L "${packages[@]}" | sed 's,^/lib\(64\)\?/,/usr/lib\1/,; s,^/bin/,/usr/bin/,' | sort -u |
        grep -Ev '/(__pycache__|doc|man|locale|lintian|test|tests|testing|idlelib|tkinter|lib2to3|ensurepip)(/|$)' |
        while read -r name; do if [ -f "$name" ] || [ -L "$name" ]; then printf '%s\n' "$name"; fi; done >"$work/files"
    printf '#!/usr/bin/python3.11\nfrom alembic.config import main\nmain(prog="alembic")\n' >"$work/alembic"
    chmod 755 "$work/alembic"
    # The dynamic linker is looked for in /lib64.
    tar -cf "$work/python.tar" --owner=0 --group=0 --numeric-owner -T "$work/files" --transform='s,^/,,S' -P 2>/dev/null
    tar -rf "$work/python.tar" --owner=0 --group=0 --numeric-owner -C "$work" --transform='s,^alembic,usr/bin/alembic,' alembic
    mkdir "$work/links"
    ln -s usr/lib "$work/links/lib"
    ln -s usr/lib64 "$work/links/lib64"
    tar -rf "$work/python.tar" --owner=0 --group=0 --numeric-owner -C "$work/links" lib lib64
    docker_client build --quiet --label "homeiq-test.alembic=$recipe" -t homeiq-test/alembic:base -f - "$work" >/dev/null <<'DOCKERFILE'
FROM homeiq-test/app:1.0.0
ADD python.tar /
# Only for speed: what does not compile is not used.
RUN /usr/bin/python3.11 -m compileall -q /usr/lib/python3.11 /usr/lib/python3 >/dev/null 2>&1 || true
DOCKERFILE
    known+=$'\n'homeiq-test/alembic:base
    say "made homeiq-test/alembic:base"
}

# image TAG VARIABLE=VALUE…; the folder "$work/TAG" holds its revisions
image() {
    local tag=$1 folder=$work/$1
    shift
    ! grep -qxF "homeiq-test/rows:$tag" <<<"$known" || return 0
    base
    mkdir -p "$folder/migrations/versions"
    cat >"$folder/alembic.ini" <<'INI'
[alembic]
script_location = /app/migrations
sqlalchemy.url = sqlite:////data/app.db
INI
    cat >"$folder/migrations/env.py" <<'PYTHON'
from alembic import context
from sqlalchemy import create_engine, pool

engine = create_engine(context.config.get_main_option("sqlalchemy.url"), poolclass=pool.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=None)
    with context.begin_transaction():
        context.run_migrations()
PYTHON
    revision "$folder" 0001 None <<'PYTHON'
    op.create_table("devices", sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.String, nullable=False), sa.Column("room", sa.String))
PYTHON
    "revisions_of_${tag//[.-]/_}" "$folder"
    {
        printf 'FROM homeiq-test/alembic:base\nCOPY alembic.ini /app/alembic.ini\nCOPY migrations /app/migrations\nENV VERSION=%s\n' "$tag"
        [ $# -eq 0 ] || printf 'ENV %s\n' "$@"
    } >"$folder/Dockerfile"
    docker_client build --quiet --label "homeiq-test.alembic=$recipe" -t "homeiq-test/rows:$tag" "$folder" >/dev/null
    say "made homeiq-test/rows:$tag"
}

# revision FOLDER ID PARENT; the body of upgrade() on stdin
revision() {
    {
        printf 'from alembic import op\nimport sqlalchemy as sa\n\nrevision = "%s"\ndown_revision = %s\n\n\ndef upgrade():\n' "$2" "$3"
        cat
        printf '\n\ndef downgrade():\n    raise NotImplementedError()\n'
    } >"$1/migrations/versions/$2.py"
}

rooms() {
    revision "$1" 0002 '"0001"' <<'PYTHON'
    op.create_table("rooms", sa.Column("name", sa.String, primary_key=True))
    op.execute("INSERT INTO rooms SELECT DISTINCT room FROM devices WHERE room IS NOT NULL")
    op.add_column("devices", sa.Column("seen", sa.Integer, nullable=False, server_default="0"))
PYTHON
}

revisions_of_1_0_0() { :; }
revisions_of_1_1_0() { rooms "$1"; }
revisions_of_bad_health() { rooms "$1"; }
revisions_of_bad_row() {
    revision "$1" 0002 '"0001"' <<'PYTHON'
    op.add_column("devices", sa.Column("area", sa.String))
    op.create_table("areas", sa.Column("name", sa.String, primary_key=True))
    op.execute("INSERT INTO areas SELECT room FROM devices ORDER BY id")
PYTHON
}
revisions_of_bad_shape() {
    revision "$1" 0002 '"0001"' <<'PYTHON'
    op.add_column("devices", sa.Column("area", sa.String))
    op.create_unique_constraint("one_of_each", "devices", ["name"])
PYTHON
}
revisions_of_bad_heads() {
    rooms "$1"
    revision "$1" 0003 '"0001"' <<'PYTHON'
    op.add_column("devices", sa.Column("other", sa.String))
PYTHON
}

image 1.0.0
image 1.1.0
image bad-row
image bad-shape
image bad-heads
image bad-health NEVER_HEALTHY=1
