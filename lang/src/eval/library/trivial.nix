# `lib.trivial`: functions, booleans, numbers, warnings. Named and meant as in nixpkgs, each one also at the top of `lib`.

inherit (builtins) add addErrorContext bitAnd bitOr bitXor ceil deepSeq div floor fromJSON genericClosure hashString isBool isFloat isInt isPath lessThan mul seq sub toJSON toString trace tryEval typeOf unsafeGetAttrPos;

# Its argument.
# :: a -> a
# lib.id 1 => 1
id = x: x;

# The first of two arguments.
# :: a -> b -> a
# map (lib.const 1) [ "a" "b" ] => [ 1 1 ]
const = x: y: x;

# A function of two arguments with the arguments the other way round.
# :: (a -> b -> c) -> b -> a -> c
# lib.flip builtins.sub 1 3 => 2
flip = f: a: b: f b a;

# A value handed through functions, one after another.
# :: a -> [a -> a] -> a
# lib.pipe [ 3 1 2 ] [ (lib.sort lib.lessThan) lib.last ] => 3
pipe = value: functions: builtins.foldl' (x: f: f x) value functions;

# Two lists one after the other.
# :: [a] -> [a] -> [a]
# lib.concat [ 1 ] [ 2 ] => [ 1 2 ]
concat = x: y: x ++ y;

# Whether both hold.
# :: Bool -> Bool -> Bool
# lib.and true false => false
and = x: y: x && y;

# Whether one of them holds, or both.
# :: Bool -> Bool -> Bool
# lib.or true false => true
or = x: y: x || y;

# Whether just one of them holds.
# :: Bool -> Bool -> Bool
# lib.xor true true => false
xor = x: y: (!x) != (!y);

# All bits turned round.
# :: Int -> Int
# lib.bitNot 5 => -6
bitNot = builtins.sub (-1);

# `true` or `false` as text.
# :: Bool -> String
# lib.boolToString true => "true"
boolToString = b: if b then "true" else "false";

# `yes` or `no`.
# :: Bool -> String
# lib.boolToYesNo true => "yes"
boolToYesNo = b: if b then "yes" else "no";

# Two sets as one; the second one's attributes count.
# :: {a} -> {a} -> {a}
# lib.mergeAttrs { a = 1; } { a = 2; b = 3; } => { a = 2; b = 3; }
mergeAttrs = x: y: x // y;

# The lesser of two.
# :: Number -> Number -> Number
# lib.min 1 2 => 1
min = x: y: if x < y then x else y;

# The greater of two.
# :: Number -> Number -> Number
# lib.max 1 2 => 2
max = x: y: if x > y then x else y;

# What is left over of a division; of the first argument's sign.
# :: Int -> Int -> Int
# lib.mod 7 3 => 1
mod = base: int: base - (int * (base / int));

# -1, 0 or 1: whether the first is less than the second, equal, or greater.
# :: a -> a -> Int
# lib.compare 1 2 => -1
compare = a: b: if a < b then -1 else if a > b then 1 else 0;

# Compares by the first function what the predicate says yes to, by the second one what it says no to; the former come first.
# :: (a -> Bool) -> (a -> a -> Int) -> (a -> a -> Int) -> a -> a -> Int
# lib.splitByAndCompare (lib.hasPrefix "kdc") lib.compare lib.compare "www" "kdc1" => 1
splitByAndCompare = p: yes: no: a: b: if p a then (if p b then yes a b else -1) else if p b then 1 else no a b;

# The function's result, but of null null.
# :: (a -> b) -> a? -> b?
# lib.mapNullable (x: x + 1) null => null
mapNullable = f: a: if a == null then a else f a;

# The second argument, or the first where that is null.
# :: a -> a? -> a
# lib.defaultTo "none" null => "none"
defaultTo = default: maybe: if maybe != null then maybe else default;

# Fails with the message if the condition holds; else a function that hands on its argument.
# :: Bool -> String -> a -> a
# lib.throwIf (1 > 2) "impossible" 5 => 5
throwIf = cond: message: if cond then throw message else x: x;

# Fails with the message unless the condition holds; else a function that hands on its argument.
# :: Bool -> String -> a -> a
# lib.throwIfNot (1 > 2) "too small" 5 => error: too small
throwIfNot = cond: message: if cond then x: x else throw message;

# Fails if the second list has an item that the first one has not.
# :: String -> [a] -> [a] -> b -> b
# lib.checkListOfEnum "colours" [ "red" "blue" ] [ "red" ] 1 => 1
checkListOfEnum = what: valid: given:
  let
    extra = lib.subtractLists valid given;
    listed = lib.concatMapStringsSep ", " toString;
  in
  lib.throwIfNot (extra == [ ]) "${what}: ${listed extra} unexpected; valid ones: ${listed valid}";

# The second argument; the first is shown as a warning.
# :: String -> a -> a
# lib.warn "old" 1 => 1
warn = builtins.warn;

# The last argument, with a warning if the condition holds.
# :: Bool -> String -> a -> a
# lib.warnIf false "old" 1 => 1
warnIf = cond: message: if cond then builtins.warn message else x: x;

# The last argument, with a warning unless the condition holds.
# :: Bool -> String -> a -> a
# lib.warnIfNot true "old" 1 => 1
warnIfNot = cond: message: if cond then x: x else builtins.warn message;

# The second argument, with all these warnings.
# :: [String] -> a -> a
# lib.showWarnings [ ] 1 => 1
showWarnings = warnings: value: lib.foldr builtins.warn value warnings;

# The second argument; the first is shown as a note.
# :: String -> a -> a
# lib.info "so far" 1 => 1
info = message: builtins.trace "INFO: ${message}";

# Whether it can be called: a function, or a set with `__functor`.
# :: a -> Bool
# lib.isFunction { __functor = self: x: x; } => true
isFunction = f: builtins.isFunction f || (f ? __functor && lib.isFunction (f.__functor f));

# The names of the attributes that a function of a set takes, and whether each may be left out.
# :: (a -> b) -> {Bool}
# lib.functionArgs (lib.setFunctionArgs (x: x) { a = false; }) => { a = false; }
functionArgs = f: if f ? __functor then f.__functionArgs or (lib.functionArgs (f.__functor f)) else builtins.functionArgs f;

# The function, as one that says to take these arguments.
# :: (a -> b) -> {Bool} -> (a -> b)
# lib.setFunctionArgs (x: x.a) { a = false; } { a = 1; } => 1
setFunctionArgs = f: args: { __functor = self: f; __functionArgs = args; };

# The second function, as one that says to take the first one's arguments.
# :: (a -> b) -> (a -> c) -> (a -> c)
# lib.functionArgs (lib.mirrorFunctionArgs ({ a }: a) (x: x.a)) => { a = false; }
mirrorFunctionArgs = f: let args = lib.functionArgs f; in g: lib.setFunctionArgs g args;

# A function as it is; of anything else a function that always gives it.
# :: a | (b -> a) -> b -> a
# lib.toFunction 1 "ignored" => 1
toFunction = v: if lib.isFunction v then v else k: v;

# The digits of a number in some base.
# :: Int -> Int -> [Int]
# lib.toBaseDigits 10 405 => [ 4 0 5 ]
toBaseDigits = base: i:
  let go = digits: i: if i < base then [ i ] ++ digits else go ([ (lib.mod i base) ] ++ digits) (i / base);
  in assert builtins.isInt base && base >= 2; assert builtins.isInt i && i >= 0; go [ ] i;

# A number in base 16.
# :: Int -> String
# lib.toHexString 255 => "FF"
toHexString = i: lib.concatMapStrings (digit: builtins.substring digit 1 "0123456789ABCDEF") (lib.toBaseDigits 16 i);

# The number that is written in base 16, with or without `0x`.
# :: String -> Int
# lib.fromHexString "0xff" => 255
fromHexString = text:
  let
    digits = builtins.match "(0[xX])?([0-9a-fA-F]+)" text;
    values = lib.genAttrs' (lib.range 0 15) (value: lib.nameValuePair (lib.toLower (lib.toHexString value)) value);
  in
  if digits == null then throw "not a hexadecimal number: ${text}"
  else builtins.foldl' (n: d: n * 16 + values.${d}) 0 (lib.stringToCharacters (lib.toLower (lib.last digits)));
