# The builtins of Nix that this language has: what each is for, its type, an example and its result. All are written in
# Rust, in the files beside this one. `{a}` is a set whose values are of type a, `[a]` a list.

# Ends the evaluation with a message, which `tryEval` does not catch.
# :: String -> a
# abort "no such realm" => error: aborted: no such realm
abort = native;

# The sum of two numbers.
# :: Number -> Number -> Number
# builtins.add 1 2 => 3
add = native;

# The second argument; should it fail, the first one is said as the reason.
# :: String -> a -> a
# builtins.addErrorContext "while counting" 1 => 1
addErrorContext = native;

# Whether the function says yes to every item.
# :: (a -> Bool) -> [a] -> Bool
# builtins.all (x: x > 1) [ 2 3 ] => true
all = native;

# Whether the function says yes to some item.
# :: (a -> Bool) -> [a] -> Bool
# builtins.any (x: x > 2) [ 2 3 ] => true
any = native;

# The text as it is: here no text has a context.
# :: String -> {a} -> String
# builtins.appendContext "a" { } => "a"
appendContext = native;

# The names of a set's attributes, in the order of the alphabet.
# :: {a} -> [String]
# builtins.attrNames { b = 1; a = 2; } => [ "a" "b" ]
attrNames = native;

# The values of a set, in the order of their names.
# :: {a} -> [a]
# builtins.attrValues { b = 1; a = 2; } => [ 2 1 ]
attrValues = native;

# What comes after a path's last slash.
# :: String -> String
# baseNameOf "/etc/krb5.conf" => "krb5.conf"
baseNameOf = native;

# The bits that both have.
# :: Int -> Int -> Int
# builtins.bitAnd 12 10 => 8
bitAnd = native;

# The bits that either has.
# :: Int -> Int -> Int
# builtins.bitOr 12 10 => 14
bitOr = native;

# The bits that one of the two has.
# :: Int -> Int -> Int
# builtins.bitXor 12 10 => 6
bitXor = native;

# Its argument. Nix's debugger would stop here.
# :: a -> a
# builtins.break 1 => 1
break = native;

# All of this.
# :: {a}
# builtins.builtins.length [ 1 ] => 1
builtins = native;

# The attribute of this name, of each set that has it.
# :: String -> [{a}] -> [a]
# builtins.catAttrs "a" [ { a = 1; } { b = 2; } { a = 3; } ] => [ 1 3 ]
catAttrs = native;

# The least whole number that is not below this one.
# :: Number -> Int
# builtins.ceil 1.2 => 2
ceil = native;

# -1, 0 or 1: whether the first version is older than the second, the same, or newer.
# :: String -> String -> Int
# builtins.compareVersions "1.2" "1.10" => -1
compareVersions = native;

# The lists one after another, as one.
# :: [[a]] -> [a]
# builtins.concatLists [ [ 1 ] [ 2 3 ] ] => [ 1 2 3 ]
concatLists = native;

# The lists that the function makes of each item, one after another.
# :: (a -> [b]) -> [a] -> [b]
# builtins.concatMap (x: [ x x ]) [ 1 2 ] => [ 1 1 2 2 ]
concatMap = native;

# The texts with a separator between them.
# :: String -> [String] -> String
# builtins.concatStringsSep ", " [ "a" "b" ] => "a, b"
concatStringsSep = native;

# A digest written another way: in base 16, base 32 as Nix has it, base 64, or as an SRI.
# :: { hash, toHashFormat, hashAlgo } -> String
# builtins.convertHash { hash = "md5:d41d8cd98f00b204e9800998ecf8427e"; toHashFormat = "sri"; } => "md5-1B2M2Y8AsgTpgAmY7PhCfg=="
convertHash = native;

# The second argument, once the first is evaluated with all that is in it.
# :: a -> b -> b
# builtins.deepSeq [ 1 2 ] 3 => 3
deepSeq = native;

# What comes before a path's last slash.
# :: String -> String
# dirOf "/etc/krb5.conf" => "/etc"
dirOf = native;

# The quotient of two numbers; that of integers is an integer, without what is left over.
# :: Number -> Number -> Number
# builtins.div 7 2 => 3
div = native;

# Whether the list has this item.
# :: a -> [a] -> Bool
# builtins.elem 2 [ 1 2 ] => true
elem = native;

# The item at a position, counted from 0.
# :: [a] -> Int -> a
# builtins.elemAt [ "a" "b" ] 1 => "b"
elemAt = native;

# `false`, unless it was hidden by a name of one's own.
# :: Bool
# builtins.false => false
false = native;

# The items that the function says yes to.
# :: (a -> Bool) -> [a] -> [a]
# builtins.filter (x: x > 1) [ 1 2 3 ] => [ 2 3 ]
filter = native;

# The greatest whole number that is not above this one.
# :: Number -> Int
# builtins.floor 1.8 => 1
floor = native;

# Combines the items one after another, from the first on, with what came so far; evaluates each result at once.
# :: (b -> a -> b) -> b -> [a] -> b
# builtins.foldl' (sum: x: sum + x) 0 [ 1 2 3 ] => 6
foldl' = native;

# The value that a text of JSON says.
# :: String -> a
# builtins.fromJSON "{\"a\": [1, null]}" => { a = [ 1 null ]; }
fromJSON = native;

# The value that a text of TOML says.
# :: String -> {a}
# builtins.fromTOML "[host]\nport = 88" => { host = { port = 88; }; }
fromTOML = native;

# The names of the attributes that a function of a set takes, and whether each may be left out.
# :: (a -> b) -> {Bool}
# builtins.functionArgs ({ a, b ? 1 }: a) => { a = false; b = true; }
functionArgs = native;

# All sets that can be reached from the first ones by the `operator`, each `key` once.
# :: { startSet, operator } -> [{a}]
# map (x: x.key) (builtins.genericClosure { startSet = [ { key = 1; } ]; operator = x: if x.key < 3 then [ { key = x.key + 1; } ] else [ ]; }) => [ 1 2 3 ]
genericClosure = native;

# A list of so many items, each made of its position.
# :: (Int -> a) -> Int -> [a]
# builtins.genList (i: i * i) 4 => [ 0 1 4 9 ]
genList = native;

# The attribute of this name.
# :: String -> {a} -> a
# builtins.getAttr "a" { a = 1; } => 1
getAttr = native;

# The context of a text: here always empty.
# :: String -> {a}
# builtins.getContext "a" => { }
getContext = native;

# The items in lists, by the name that the function gives each.
# :: (a -> String) -> [a] -> {[a]}
# builtins.groupBy (h: h.realm) [ { n = 1; realm = "A"; } { n = 2; realm = "B"; } ] => { A = [ { n = 1; realm = "A"; } ]; B = [ { n = 2; realm = "B"; } ]; }
groupBy = native;

# Whether the set has an attribute of this name.
# :: String -> {a} -> Bool
# builtins.hasAttr "a" { a = 1; } => true
hasAttr = native;

# Whether a text has a context: here never.
# :: String -> Bool
# builtins.hasContext "a" => false
hasContext = native;

# The digest of a text in base 16, by `md5`, `sha1`, `sha256` or `sha512`.
# :: String -> String -> String
# builtins.hashString "md5" "a" => "0cc175b9c0f1b6a831c399e269772661"
hashString = native;

# The first item of a list.
# :: [a] -> a
# builtins.head [ 1 2 ] => 1
head = native;

# The attributes of the second set whose names the first one has.
# :: {a} -> {b} -> {b}
# builtins.intersectAttrs { a = 1; } { a = 2; b = 3; } => { a = 2; }
intersectAttrs = native;

# Whether it is a set.
# :: a -> Bool
# builtins.isAttrs { } => true
isAttrs = native;

# Whether it is `true` or `false`.
# :: a -> Bool
# builtins.isBool false => true
isBool = native;

# Whether it is a number with a fraction.
# :: a -> Bool
# builtins.isFloat 1.0 => true
isFloat = native;

# Whether it is a function.
# :: a -> Bool
# builtins.isFunction (x: x) => true
isFunction = native;

# Whether it is a whole number.
# :: a -> Bool
# builtins.isInt 1 => true
isInt = native;

# Whether it is a list.
# :: a -> Bool
# builtins.isList [ ] => true
isList = native;

# Whether it is `null`.
# :: a -> Bool
# isNull null => true
isNull = native;

# Whether it is a path: never, since here paths are texts.
# :: a -> Bool
# builtins.isPath "/etc" => false
isPath = native;

# Whether it is a text.
# :: a -> Bool
# builtins.isString "a" => true
isString = native;

# The version of the language, as Nix counts them.
# :: Int
# builtins.langVersion => 6
langVersion = native;

# How many items a list has.
# :: [a] -> Int
# builtins.length [ 1 2 ] => 2
length = native;

# Whether the first is less than the second.
# :: a -> a -> Bool
# builtins.lessThan 1 2 => true
lessThan = native;

# A set of items with a `name` and a `value`; of equal names the first counts.
# :: [{ name :: String; value :: a; }] -> {a}
# builtins.listToAttrs [ { name = "a"; value = 1; } ] => { a = 1; }
listToAttrs = native;

# What the function makes of each item.
# :: (a -> b) -> [a] -> [b]
# map (x: x * 2) [ 1 2 ] => [ 2 4 ]
map = native;

# What the function makes of each attribute's name and value.
# :: (String -> a -> b) -> {a} -> {b}
# builtins.mapAttrs (name: value: "${name}${value}") { a = 1; } => { a = "a1"; }
mapAttrs = native;

# What the groups of an extended regular expression took, if it fits the whole text; else null.
# :: String -> String -> [String]?
# builtins.match "([a-z]+)([0-9]*)" "kdc1" => [ "kdc" "1" ]
match = native;

# The product of two numbers.
# :: Number -> Number -> Number
# builtins.mul 2 3 => 6
mul = native;

# The version of Nix whose language this is.
# :: String
# builtins.nixVersion => "2.8.0"
nixVersion = native;

# Nothing.
# :: Null
# builtins.null => null
null = native;

# The name and the version of a package: the version begins at the first dash that no letter follows.
# :: String -> { name, version }
# builtins.parseDrvName "krb5-kdc-1.20" => { name = "krb5-kdc"; version = "1.20"; }
parseDrvName = native;

# The items that the function says yes to as `right`, the others as `wrong`.
# :: (a -> Bool) -> [a] -> { right :: [a]; wrong :: [a]; }
# builtins.partition (x: x > 1) [ 1 2 3 ] => { right = [ 2 3 ]; wrong = [ 1 ]; }
partition = native;

# The set without the attributes of these names.
# :: {a} -> [String] -> {a}
# removeAttrs { a = 1; b = 2; } [ "a" ] => { b = 2; }
removeAttrs = native;

# The text with each of the first texts replaced by the one at its place in the second list.
# :: [String] -> [String] -> String -> String
# builtins.replaceStrings [ "." ] [ "-" ] "www.athena.test" => "www-athena-test"
replaceStrings = native;

# The second argument, once the first is evaluated.
# :: a -> b -> b
# builtins.seq 1 2 => 2
seq = native;

# The list in the order of the function, which says whether its first argument comes before its second.
# :: (a -> a -> Bool) -> [a] -> [a]
# builtins.sort (a: b: a < b) [ 3 1 2 ] => [ 1 2 3 ]
sort = native;

# The parts of a text between the matches of an extended regular expression, and in between what its groups took.
# :: String -> String -> [String | [String]]
# builtins.split "(,)" "a,b" => [ "a" [ "," ] "b" ]
split = native;

# The parts of a version.
# :: String -> [String]
# builtins.splitVersion "1.20.1-6" => [ "1" "20" "1" "6" ]
splitVersion = native;

# How many bytes a text has.
# :: String -> Int
# builtins.stringLength "kdc1" => 4
stringLength = native;

# The first number less the second.
# :: Number -> Number -> Number
# builtins.sub 3 1 => 2
sub = native;

# So many bytes of a text from a position on, counted from 0; all that are left, if the number is negative.
# :: Int -> Int -> String -> String
# builtins.substring 0 3 "kdc1" => "kdc"
substring = native;

# A list without its first item.
# :: [a] -> [a]
# builtins.tail [ 1 2 3 ] => [ 2 3 ]
tail = native;

# Ends the evaluation with a message, which `tryEval` catches.
# :: String -> a
# throw "no such realm" => error: no such realm
throw = native;

# A value as JSON.
# :: a -> String
# builtins.toJSON { a = [ 1 null ]; } => "{\"a\":[1,null]}"
toJSON = native;

# A text that is an absolute path, as it is.
# :: String -> String
# builtins.toPath "/etc" => "/etc"
toPath = native;

# A value as text: `true` is 1, `false` and null are empty, the items of a list have blanks between them.
# :: a -> String
# toString [ 1 true "a" ] => "1 1 a"
toString = native;

# A value as XML.
# :: a -> String
# builtins.toXML 1 => "<?xml version='1.0' encoding='utf-8'?>\n<expr>\n  <int value=\"1\" />\n</expr>\n"
toXML = native;

# The second argument; the first is shown as a note.
# :: a -> b -> b
# builtins.trace "here" 1 => 1
trace = native;

# The second argument. Nix shows the first only where that is switched on.
# :: a -> b -> b
# builtins.traceVerbose "here" 1 => 1
traceVerbose = native;

# `true`, unless it was hidden by a name of one's own.
# :: Bool
# builtins.true => true
true = native;

# Whether a value can be evaluated, and the value or `false`. Catches `throw` and failed assertions.
# :: a -> { success :: Bool; value :: a; }
# builtins.tryEval (throw "no") => { success = false; value = false; }
tryEval = native;

# What a value is: `int`, `bool`, `string`, `path`, `null`, `set`, `list`, `lambda` or `float`.
# :: a -> String
# builtins.typeOf [ ] => "list"
typeOf = native;

# The text as it is: here no text has a context.
# :: String -> String
# builtins.unsafeDiscardOutputDependency "a" => "a"
unsafeDiscardOutputDependency = native;

# The text as it is: here no text has a context.
# :: String -> String
# builtins.unsafeDiscardStringContext "a" => "a"
unsafeDiscardStringContext = native;

# Where the attribute of this name was written; null where that is not known.
# :: String -> {a} -> { file, line, column }?
# builtins.unsafeGetAttrPos "b" { a = 1; } => null
unsafeGetAttrPos = native;

# The second argument; the first is shown as a warning.
# :: String -> a -> a
# builtins.warn "old" 1 => 1
warn = native;

# A set of all names in the sets, each with what the function makes of the name and its values.
# :: (String -> [a] -> b) -> [{a}] -> {b}
# builtins.zipAttrsWith (name: values: values) [ { a = 1; } { a = 2; b = 3; } ] => { a = [ 1 2 ]; b = [ 3 ]; }
zipAttrsWith = native;
