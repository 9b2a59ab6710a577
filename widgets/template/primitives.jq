# The functions of jq whose cost is not in proportion to their input, behind a
# charge to the budget. This file is compiled as it stands: operators and
# built-ins here are those of the interpreter. A name with an underscore cannot be
# used in a template. _afford(…) yields its input or ends the rendering, and
# _keep(…) likewise, charging for the input itself.

# The operators. As in jq, the right operand is the outer loop.
def _sum($right; $left): $left + $right | _keep($_meter);
def _difference($right; $left): _afford($_meter; "subtract"; $left; $right) | $left - $right | _keep($_meter);
def _product($right; $left): _afford($_meter; "multiply"; $left; $right) | $left * $right | _keep($_meter);
def _quotient($right; $left): _afford($_meter; "divide"; $left; $right) | $left / $right | _keep($_meter);

# Arrays and texts, of which one is searched for or cut by the other.
def _join($separator): join($separator);
def join($separator): _afford($_meter; "join"; .; $separator) | _join($separator) | _keep($_meter);
def _split($separator): split($separator);
def split($separator): _afford($_meter; "divide"; .; $separator) | _split($separator) | _keep($_meter);
def _contains($part): contains($part);
def contains($part): _afford($_meter; "contain"; .; $part) | _contains($part);
def inside($whole): . as $part | $whole | contains($part);
def _indices($part): indices($part);
def indices($part): _afford($_meter; "find"; .; $part) | _indices($part) | _keep($_meter);
def _first_index($part): index($part);
def index($part): _afford($_meter; "find"; .; $part) | _first_index($part);
def _last_index($part): rindex($part);
def rindex($part): _afford($_meter; "find"; .; $part) | _last_index($part);
def _transpose: transpose;
def transpose: _afford($_meter; "transpose"; .; null) | _transpose | _keep($_meter);

# Texts that become much more than texts.
def _explode: explode;
def explode: _afford($_meter; "explode"; .; null) | _explode | _keep($_meter);
def _fromjson: fromjson;
def fromjson: _afford($_meter; "decode"; .; null) | _fromjson | _keep($_meter);
def _tonumber: tonumber;
def tonumber: _afford($_meter; "number"; .; null) | _tonumber;

# Paths. An index decides how long an array becomes.
def _getpath($path): getpath($path);
def getpath($path): ($path | _afford($_meter; "path"; .; null)) as $checked | _getpath($checked);
def _setpath($path; $value): setpath($path; $value);
def setpath($path; $value): _afford($_meter; "path"; $path; null) | _setpath($path; $value) | _keep($_meter);
def _delpaths($paths): delpaths($paths);
def delpaths($paths): _afford($_meter; "delete"; .; $paths) | _delpaths($paths) | _keep($_meter);

# Time, which is always UTC.
def _strftime($format): strftime($format);
def strftime($format): _afford($_meter; "format"; $format; null) | _strftime($format) | _keep($_meter);
def _strptime($format): strptime($format);
def strptime($format): _afford($_meter; "format"; $format; "parse") | _strptime($format);

# Regular expressions.
def _matches($pattern; $flags): _match_all($_meter; $pattern; $flags) | _keep($_meter);
def _tests($pattern; $flags): _match_any($_meter; $pattern; $flags);

.
