# What is told while the scenario plays, and at its end.

checks=0 failures=()
said='' # by the last check, when it succeeded

# A step of the scenario, with the seconds since the start.
step() { printf '\n%4ds  == %s\n' "$SECONDS" "$1"; }

note() { if [[ -n $* ]]; then printf '            %s\n' "$*"; fi; }

# check runs a command that must succeed. One that does not is counted, shown with the end
# of its output, and does not stop the scenario: later steps often say more.
check() { # WHAT COMMAND...
  local what=$1 output
  shift
  checks=$((checks + 1))
  if output=$("$@" 2>&1); then
    printf '%4ds  ok    %s\n' "$SECONDS" "$what"
    said=$output
  else
    printf '%4ds  FAIL  %s\n' "$SECONDS" "$what"
    tail -n 15 <<<"$output" | cut -c1-400 | sed 's/^/         | /'
    failures+=("$what")
    said=''
  fi
}

# refused is check for a command that must fail, with a text in what it says.
refused() { # WHAT TEXT COMMAND...
  local what=$1 text=$2
  shift 2
  check "$what" must_fail "$text" "$@"
}

must_fail() { # TEXT COMMAND...
  local text=$1 output
  shift
  if output=$("$@" 2>&1); then
    echo "it succeeded: $output"
    return 1
  fi
  echo "$output"
  grep -q -e "$text" <<<"$output" || {
    echo "it failed, and not with \"$text\""
    return 1
  }
}

# eventually repeats a command until it succeeds, and at last shows what it says.
eventually() { # COMMAND...
  local deadline=$((SECONDS + 90)) output
  until output=$("$@" 2>&1); do
    if ((SECONDS > deadline)); then
      echo "$output"
      return 1
    fi
    sleep 0.5
  done
  echo "$output"
}

equal() { # GOT WANT
  if [[ $1 != "$2" ]]; then
    printf 'got:  %s\nwant: %s\n' "$1" "$2"
    return 1
  fi
}

# summary is the last word, whatever happened.
summary() {
  local status=$?
  set +e
  if ((status != 0)); then
    failures+=("the scenario did not come to its end")
  fi
  if ((${#failures[@]} > 0)); then
    diagnose
  fi
  printf '\n%d checks, %d failed, %d s\n' "$checks" "${#failures[@]}" "$SECONDS"
  printf '  FAIL  %s\n' "${failures[@]}" | grep -v 'FAIL  $'
  echo "not shown: enforcement of network policies, autoscalers, cluster DNS, several nodes, limits of CPU and memory"
  ((${#failures[@]} == 0))
  exit
}

# diagnose shows what somebody would look at first.
diagnose() {
  echo
  echo "---- pods, warnings, and the last lines of the workers"
  kubectl get pods -A -o wide --request-timeout=5s
  kubectl get events -A --field-selector type=Warning --request-timeout=5s \
    -o custom-columns=AT:.lastTimestamp,OBJECT:.involvedObject.name,REASON:.reason,MESSAGE:.message | grep -v MissingClusterDNS | tail -n 15 | cut -c1-300
  local ns
  for ns in "${namespaces[@]}"; do
    kubectl -n "$ns" logs -l app.kubernetes.io/part-of=kenar-addons --prefix --tail=8 --request-timeout=5s | cut -c1-300
  done
} 2>/dev/null
