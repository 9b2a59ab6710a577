# The functions that jq defines in jq and that build values, written again so
# that what they build is charged like what a template builds: this file is
# rewritten just as a template is. Those that call themselves are here too, because
# each call is charged. Those that only pass values on are taken from
# the interpreter (see plain in natives.go).

def recurse(f): def _each: ., (f | _each); _each;
def recurse: recurse(.[]?);
def recurse(f; condition): recurse(f | select(condition));
def while(condition; update): def _while: if condition then ., (update | _while) else empty end; _while;
def until(condition; update): def _until: if condition then . else update | _until end; _until;
def repeat(f): def _repeat: f, _repeat; _repeat;

def map(f): [.[] | f];
def map_values(f): .[] |= f;
def add(f): [f] | add;
def del(f): delpaths([path(f)]);
def pick(f): . as $whole | reduce path(f) as $path (null; setpath($path; $whole | getpath($path)));
def walk(f): def _walk: if type == "array" then map(_walk) elif type == "object" then map_values(_walk) end | f; _walk;

def to_entries: [keys[] as $key | {key: $key, value: .[$key]}];
def from_entries: [.[] | {(.key // .Key // .name // .Name): (if has("value") then .value else .Value end)}] | add // {};
def with_entries(f): to_entries | map(f) | from_entries;

def min_by(f): _min_by(map([f]));
def max_by(f): _max_by(map([f]));
def sort_by(f): _sort_by(map([f]));
def group_by(f): _group_by(map([f]));
def unique_by(f): _unique_by(map([f]));
def INDEX(stream; key): reduce stream as $row ({}; .[$row | key | tostring] = $row);
def INDEX(key): INDEX(.[]; key);

def combinations: if length == 0 then [] else .[0][] as $head | [$head] + (.[1:] | combinations) end;
def combinations($n): [limit($n; repeat(.))] | combinations;

def match($pattern; $flags): _matches($pattern; $flags)[];
def match($pattern): match($pattern; null);
def test($pattern; $flags): _tests($pattern; $flags);
def test($pattern): test($pattern; null);
def capture($pattern; $flags): match($pattern; $flags) | .captures | _captures;
def capture($pattern): capture($pattern; null);
def scan($pattern; $flags): match($pattern; $flags + "g") | if .captures == [] then .string else [.captures[].string] end;
def scan($pattern): scan($pattern; null);
def splits($pattern; $flags):
  .[foreach (match($pattern; $flags + "g"), null) as {$offset, $length} (null; {start: .next, end: $offset, next: $offset + $length})];
def splits($pattern): splits($pattern; null);
def split($pattern; $flags): [splits($pattern; $flags)];
def sub($pattern; text; $flags):
  . as $whole
  | def _texts($matches; $from):
      if $matches == [] then $whole[$from:]
      else
        $matches[0] as {$offset, $length, $captures}
        | ($captures | _captures | text) as $text
        | $whole[$from:$offset] + $text + _texts($matches[1:]; $offset + $length)
      end;
    _texts(_matches($pattern; $flags); 0);
def sub($pattern; text): sub($pattern; text; null);
def gsub($pattern; text; $flags): sub($pattern; text; $flags + "g");
def gsub($pattern; text): gsub($pattern; text; null);

.
