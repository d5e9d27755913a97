# shellcheck shell=bash
# What the tests here say of each thing that they check; $work is a folder of the test's own.
: "${work:?}"

passed=0
failed=0
# check WHAT COMMAND...
check() {
  local what=$1
  shift
  if "$@" > "$work/output" 2>&1; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "FAILED: $what"
    tail -n 20 "$work/output" | sed 's/^/  /'
  fi
}

# until_true SECONDS COMMAND...: what the command says when the time is over is told
until_true() {
  local end=$((SECONDS + $1))
  shift
  until "$@" > /dev/null 2>&1; do
    if [ "$SECONDS" -ge "$end" ]; then
      "$@"
      return
    fi
    sleep 0.2
  done
}
