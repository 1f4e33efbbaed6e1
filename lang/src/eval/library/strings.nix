# `lib.strings`. Named and meant as in nixpkgs; also at the top of `lib`. What is `native` is written in Rust, in `strings.rs`.

inherit (builtins) compareVersions concatStringsSep elem elemAt filter fromJSON head isAttrs isInt isList isPath isString match parseDrvName replaceStrings split splitVersion stringLength substring tail toJSON toString typeOf unsafeDiscardStringContext;

# The texts one after another, as one.
# :: [String] -> String
# lib.concatStrings [ "a" "b" ] => "ab"
concatStrings = native;

# The texts that the function makes of each item, as one.
# :: (a -> String) -> [a] -> String
# lib.concatMapStrings (x: "${x};") [ 1 2 ] => "1;2;"
concatMapStrings = native;

# The texts that the function makes of each item, with a separator between them.
# :: String -> (a -> String) -> [a] -> String
# lib.concatMapStringsSep ", " (x: "n${x}") [ 1 2 ] => "n1, n2"
concatMapStringsSep = native;

# The texts that the function makes of each item and its position, counted from 1, as one.
# :: (Int -> a -> String) -> [a] -> String
# lib.concatImapStrings (i: x: "${i}${x}") [ "a" "b" ] => "1a2b"
concatImapStrings = f: list: lib.concatStrings (lib.imap1 f list);

# The texts that the function makes of each item and its position, counted from 1, with a separator between them.
# :: String -> (Int -> a -> String) -> [a] -> String
# lib.concatImapStringsSep "-" (i: x: "${i}${x}") [ "a" "b" ] => "1a-2b"
concatImapStringsSep = sep: f: list: builtins.concatStringsSep sep (lib.imap1 f list);

# The texts that the function makes of each attribute's name and value, with a separator between them.
# :: String -> (String -> a -> String) -> {a} -> String
# lib.concatMapAttrsStringSep ", " (n: v: "${n}=${v}") { a = 1; b = 2; } => "a=1, b=2"
concatMapAttrsStringSep = sep: f: attrs: builtins.concatStringsSep sep (lib.mapAttrsToList f attrs);

# The texts, each with the end of a line behind it.
# :: [String] -> String
# lib.concatLines [ "a" "b" ] => "a\nb\n"
concatLines = native;

# `concatStringsSep` by a shorter name.
# :: String -> [String] -> String
# lib.join ", " [ "a" "b" ] => "a, b"
join = builtins.concatStringsSep;

# The items with a separator between them, as a list.
# :: a -> [a] -> [a]
# lib.intersperse "/" [ "a" "b" ] => [ "a" "/" "b" ]
intersperse = separator: list: lib.drop 1 (builtins.concatMap (x: [ separator x ]) list);

# The text so many times.
# :: Int -> String -> String
# lib.strings.replicate 3 "ab" => "ababab"
replicate = n: text: lib.concatStrings (lib.lists.replicate n text);

# The text if the condition holds, else an empty one.
# :: Bool -> String -> String
# lib.optionalString true "a" => "a"
optionalString = native;

# Whether the second text begins with the first.
# :: String -> String -> Bool
# lib.hasPrefix "kdc" "kdc1" => true
hasPrefix = native;

# Whether the second text ends with the first.
# :: String -> String -> Bool
# lib.hasSuffix ".test" "athena.test" => true
hasSuffix = native;

# Whether the second text has the first in it.
# :: String -> String -> Bool
# lib.hasInfix "." "athena.test" => true
hasInfix = native;

# The second text without the first, if it begins with it.
# :: String -> String -> String
# lib.removePrefix "kdc" "kdc1" => "1"
removePrefix = native;

# The second text without the first, if it ends with it.
# :: String -> String -> String
# lib.removeSuffix ".test" "athena.test" => "athena"
removeSuffix = native;

# The parts of a text between separators.
# :: String -> String -> [String]
# lib.splitString "." "www.athena.test" => [ "www" "athena" "test" ]
splitString = native;

# The parts of a text, which begin where the function, of a character and the one before it, says yes; with that character, if the second argument holds.
# :: (String -> String -> Bool) -> Bool -> String -> [String]
# lib.splitStringBy (before: c: c == "." || c == "-") false "a.b-c" => [ "a" "b" "c" ]
splitStringBy = predicate: keep: text:
  let
    step = { parts, part, before }: c:
      if predicate before c then { parts = parts ++ [ part ]; part = lib.optionalString keep c; before = c; }
      else { inherit parts; part = part + c; before = c; };
    all = builtins.foldl' step { parts = [ ]; part = ""; before = ""; } (lib.stringToCharacters text);
  in
  all.parts ++ [ all.part ];

# The characters of a text.
# :: String -> [String]
# lib.stringToCharacters "kdc" => [ "k" "d" "c" ]
stringToCharacters = native;

# The texts that the function makes of each character, as one.
# :: (String -> String) -> String -> String
# lib.stringAsChars (c: if c == "." then "-" else c) "a.b" => "a-b"
stringAsChars = f: text: lib.concatMapStrings f (lib.stringToCharacters text);

# The number of a character in ASCII.
# :: String -> Int
# lib.strings.charToInt "A" => 65
charToInt = native;

# The text with a backslash before each of these characters.
# :: [String] -> String -> String
# lib.escape [ "." ] "a.b" => "a\\.b"
escape = list: builtins.replaceStrings list (map (c: "\\${c}") list);

# The text with each of these characters as C writes it in base 16.
# :: [String] -> String -> String
# lib.strings.escapeC [ " " ] "a b" => "a\\x20b"
escapeC = list:
  builtins.replaceStrings list
    (map (c: "\\x${lib.fixedWidthString 2 "0" (lib.toLower (lib.toHexString (lib.strings.charToInt c)))}") list);

# The text as a regular expression that fits just it.
# :: String -> String
# lib.escapeRegex "a.b" => "a\\.b"
escapeRegex = lib.escape (lib.stringToCharacters "\\[{()^$?*+|.");

# The text as it may stand in XML.
# :: String -> String
# lib.escapeXML "a < b" => "a &lt; b"
escapeXML = builtins.replaceStrings [ "\"" "'" "<" ">" "&" ] [ "&quot;" "&apos;" "&lt;" "&gt;" "&amp;" ];

# The text as it may stand in a part of a URL.
# :: String -> String
# lib.escapeURL "a b/c" => "a%20b%2Fc"
escapeURL = native;

# The value as one word for a shell; in quotes only where it needs them.
# :: a -> String
# lib.escapeShellArg "it's" => "'it'\\''s'"
escapeShellArg = native;

# The values as words for a shell.
# :: [a] -> String
# lib.escapeShellArgs [ "echo" "a b" ] => "echo 'a b'"
escapeShellArgs = native;

# The text as it is written in an expression.
# :: String -> String
# lib.escapeNixString "a\${b}" => "\"a\\\${b}\""
escapeNixString = text: lib.escape [ "$" ] (builtins.toJSON text);

# The text as the name of an attribute, in quotes only where it needs them.
# :: String -> String
# lib.strings.escapeNixIdentifier "a b" => "\"a b\""
escapeNixIdentifier = text:
  if builtins.match "[a-zA-Z_][a-zA-Z0-9_'-]*" text != null then text else lib.escapeNixString text;

# Whether it may be a variable of a shell.
# :: String -> Bool
# lib.isValidPosixName "a-b" => false
isValidPosixName = name: builtins.match "[a-zA-Z_][a-zA-Z0-9_]*" name != null;

# A shell's assignment of a value; lists and sets become Bash's arrays.
# :: String -> a -> String
# lib.toShellVar "names" [ "a" "b c" ] => "declare -a names=(a 'b c')"
toShellVar = name: value:
  let entry = key: value: "[${lib.escapeShellArg key}]=${lib.escapeShellArg value}";
  in
  if !(lib.isValidPosixName name) then throw "toShellVar: ${name} is not a valid shell variable name"
  else if builtins.isAttrs value && !(lib.isStringLike value) then "declare -A ${name}=(${lib.concatMapAttrsStringSep " " entry value})"
  else if builtins.isList value then "declare -a ${name}=(${lib.escapeShellArgs value})"
  else "${name}=${lib.escapeShellArg value}";

# A shell's assignments of a set's values.
# :: {a} -> String
# lib.toShellVars { a = 1; b = "x y"; } => "a=1\nb='x y'"
toShellVars = lib.concatMapAttrsStringSep "\n" lib.toShellVar;

# The text with ASCII's letters in upper case.
# :: String -> String
# lib.toUpper "athena.test" => "ATHENA.TEST"
toUpper = native;

# The text with ASCII's letters in lower case.
# :: String -> String
# lib.toLower "ATHENA.TEST" => "athena.test"
toLower = native;

# The text with its first letter in upper case and the others in lower case.
# :: String -> String
# lib.toSentenceCase "ATHENA" => "Athena"
toSentenceCase = text: lib.toUpper (builtins.substring 0 1 text) + lib.toLower (builtins.substring 1 (-1) text);

# The words of a text as one, each but the first with its first letter in upper case.
# :: String -> String
# lib.strings.toCamelCase "max-life time" => "maxLifeTime"
toCamelCase = text:
  let
    words = lib.splitStringBy (before: c: builtins.elem c [ "-" "_" " " ]) false text;
    humps = lib.splitStringBy (before: c: builtins.match "[a-z]" before != null && builtins.match "[A-Z]" c != null) true;
    parts = builtins.concatMap humps words;
  in
  lib.toLower (builtins.head parts) + lib.concatMapStrings lib.toSentenceCase (builtins.tail parts);

# The text without blanks around it.
# :: String -> String
# lib.trim "  a b\n" => "a b"
trim = native;

# The text without blanks before it if `start` is true, and without blanks behind it if `end` is.
# :: { start, end } -> String -> String
# lib.trimWith { end = true; } " a " => " a"
trimWith = native;

# The text with single slashes only.
# :: String -> String
# lib.strings.normalizePath "/a//b/" => "/a/b/"
normalizePath = path: builtins.concatStringsSep "/" (builtins.filter builtins.isString (builtins.split "/+" path));

# Paths to the same directory below several ones, with colons between them.
# :: String -> [String] -> String
# lib.makeSearchPath "bin" [ "/usr" "/usr/local" ] => "/usr/bin:/usr/local/bin"
makeSearchPath = subDir: paths:
  lib.concatMapStringsSep ":" (path: "${path}/${subDir}") (builtins.filter (path: path != null) paths);

# Whether the first version is older than the second.
# :: String -> String -> Bool
# lib.versionOlder "1.2" "1.10" => true
versionOlder = v1: v2: builtins.compareVersions v2 v1 == 1;

# Whether the first version is the second or newer.
# :: String -> String -> Bool
# lib.versionAtLeast "1.10" "1.2" => true
versionAtLeast = v1: v2: !(lib.versionOlder v1 v2);

# The name of a package with its version.
# :: String | { pname, name } -> String
# lib.getName "krb5-kdc-1.20" => "krb5-kdc"
getName = x: if builtins.isString x then (builtins.parseDrvName x).name else x.pname or (lib.getName x.name);

# The version of a package's name.
# :: String | { version, name } -> String
# lib.getVersion "krb5-kdc-1.20" => "1.20"
getVersion = x: if builtins.isString x then (builtins.parseDrvName x).version else x.version or (lib.getVersion x.name);

# What a URL's last part begins with, up to a separator.
# :: String -> String -> String
# lib.nameFromURL "https://athena.test/krb5-1.20.tar.gz" "-" => "krb5"
nameFromURL = url: sep:
  let
    file = lib.last (lib.splitString "/" url);
    name = builtins.head (lib.splitString sep file);
  in
  assert name != file; name;

# The text with a filler before it as often as the width needs.
# :: Int -> String -> String -> String
# lib.fixedWidthString 5 "0" "42" => "00042"
fixedWidthString = width: filler: text:
  let
    missing = width - builtins.stringLength text;
    times = missing / builtins.stringLength filler;
    fits = missing >= 0 && times * builtins.stringLength filler == missing;
  in
  lib.throwIfNot fits "fixedWidthString: `${text}` cannot be made ${width} wide with `${filler}`"
    (lib.strings.replicate times filler + text);

# The number with zeros before it, so many digits in all.
# :: Int -> Int -> String
# lib.fixedWidthNumber 5 42 => "00042"
fixedWidthNumber = native;

# How long the beginning is that two texts have in common.
# :: String -> String -> Int
# lib.commonPrefixLength "kdc1" "kdc2" => 3
commonPrefixLength = a: b:
  let m = lib.min (builtins.stringLength a) (builtins.stringLength b);
  in lib.findFirst (i: builtins.substring i 1 a != builtins.substring i 1 b) m (builtins.genList lib.id m);

# How long the end is that two texts have in common.
# :: String -> String -> Int
# lib.commonSuffixLength "a.test" "b.test" => 5
commonSuffixLength = a: b:
  let
    m = lib.min (builtins.stringLength a) (builtins.stringLength b);
    from = text: i: builtins.substring (builtins.stringLength text - i - 1) 1 text;
  in
  lib.findFirst (i: from a i != from b i) m (builtins.genList lib.id m);

# How many characters must be put in, taken out or replaced to make one text of the other.
# :: String -> String -> Int
# lib.strings.levenshtein "kitten" "sitting" => 3
levenshtein = native;

# Whether it takes at most so many of those changes.
# :: Int -> String -> String -> Bool
# lib.strings.levenshteinAtMost 1 "host" "hots" => false
levenshteinAtMost = k: a: b: k >= 0 && lib.strings.levenshtein a b <= k;

# `replaceStrings` by its old name.
# :: [String] -> [String] -> String -> String
# lib.replaceChars [ "." ] [ "-" ] "a.b" => "a-b"
replaceChars = builtins.replaceStrings;

# The second text: here no text has a context.
# :: String -> String -> String
# lib.addContextFrom "a" "b" => "b"
addContextFrom = src: target: builtins.substring 0 0 src + target;

# A float as text, with six digits after the point.
# :: Float -> String
# lib.strings.floatToString 1.5 => "1.500000"
floatToString = toString;

# Whether it can stand in a text: a text, or a set with `__toString` or `outPath`.
# :: a -> Bool
# lib.isStringLike 1 => false
isStringLike = x: builtins.isString x || x ? outPath || x ? __toString;

# Whether `toString` takes it.
# :: a -> Bool
# lib.strings.isConvertibleWithToString [ 1 null ] => true
isConvertibleWithToString = x:
  lib.isStringLike x
  || builtins.elem (builtins.typeOf x) [ "null" "int" "float" "bool" ]
  || (builtins.isList x && builtins.all lib.isConvertibleWithToString x);

# The whole number that a text says. A zero in front is an error, since it could be octal.
# :: String -> Int
# lib.toInt " 42 " => 42
toInt = native;

# The whole number that a text says in base 10, also with zeros in front.
# :: String -> Int
# lib.toIntBase10 "0042" => 42
toIntBase10 = text:
  let digits = builtins.match "[[:space:]]*0*(-?[[:digit:]]+)[[:space:]]*" text;
  in if digits == null then throw "`${text}` is no whole number" else builtins.fromJSON (builtins.head digits);

# ASCII's letters in lower case.
# :: [String]
# lib.length lib.lowerChars => 26
lowerChars = lib.stringToCharacters "abcdefghijklmnopqrstuvwxyz";

# ASCII's letters in upper case.
# :: [String]
# lib.head lib.upperChars => "A"
upperChars = lib.stringToCharacters "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
