# shellcheck shell=bash
# Taking times and telling them. Sourced, never run. Samples are microseconds, a file each in $samples.
LC_ALL=C

# timed NAME COMMAND…: a sample of how long it takes; it has to end well, or as `expected` says.
timed() {
    local name=$1 from to code=0
    shift
    from=${EPOCHREALTIME/./}
    "$@" >"$scratch/said" 2>&1 || code=$?
    to=${EPOCHREALTIME/./}
    [ "$code" -eq "${expected:-0}" ] || { cat "$scratch/said" >&2; die "$* ended with $code"; }
    sample "$name" $((to - from))
}

sample() { echo "$2" >>"$samples/$1"; }

# median NAME, least NAME, most NAME: milliseconds; nothing for what was not measured.
median() { [ ! -e "$samples/$1" ] || sort -n "$samples/$1" | awk '{ a[NR] = $1 } END { printf "%.1f", (a[int((NR + 1) / 2)] + a[int(NR / 2) + 1]) / 2000 }'; }
least() { sort -n "$samples/$1" | awk 'NR == 1 { printf "%.1f", $1 / 1000 }'; }
most() { sort -n "$samples/$1" | awk 'END { printf "%.1f", $1 / 1000 }'; }

# told NAME: median (least … most of n)
told() { echo "$(in_words "$(median "$1")") ($(in_words "$(least "$1")")…$(in_words "$(most "$1")"), $(wc -l <"$samples/$1")×)"; }

in_words() { awk -v ms="$1" 'BEGIN { if (ms >= 10000) printf "%.1f s", ms / 1000; else if (ms >= 1000) printf "%.2f s", ms / 1000; else if (ms >= 100) printf "%.0f ms", ms; else printf "%.1f ms", ms }'; }

calculate() { awk "BEGIN { printf \"%.3f\", $1 }"; }

is_at_most() { awk -v a="$1" -v b="$2" 'BEGIN { exit !(a <= b) }'; }

# row WHAT OURS AGAINST BUDGET VERDICT
row() { printf '| %s | %s | %s | %s | %s |\n' "$@" >>"$scratch/table"; }

# verdict NUMBER LIMIT
verdict() { if is_at_most "$1" "$2"; then echo pass; else echo "**miss**"; fi; }

# compare WHAT NAME BARE BUDGET FACTOR EXTRA-MS: the budget is FACTOR times the bare calls plus EXTRA.
compare() {
    local ours bare limit
    ours=$(median "$2") bare=$(median "$3") limit=$(calculate "$5 * $(median "$3") + $6")
    row "$1" "$(told "$2")" "$4: $(told "$3")" "$(budget "$5" "$6") = $(in_words "$limit")" "$(verdict "$ours" "$limit"), $(awk -v a="$ours" -v b="$bare" 'BEGIN { if (a < b / 2) printf "1/%.0f of it", b / a; else printf "%.2f × it", a / b }')"
}

budget() {
    case $1 in
        0.05) echo "1/20" ;;
        1) echo "+ $2 ms" ;;
        *) echo "× $1$([ "$2" = 0 ] || echo " + $2 ms")" ;;
    esac
}
