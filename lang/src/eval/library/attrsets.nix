# `lib.attrsets`. Named and meant as in nixpkgs; also at the top of `lib`. What is `native` is written in Rust, in `sets.rs`.

inherit (builtins) attrNames attrValues catAttrs getAttr hasAttr intersectAttrs isAttrs listToAttrs mapAttrs removeAttrs zipAttrsWith;

# The value at a path of names, or the second argument where there is none.
# :: [String] -> a -> {a} -> a
# lib.attrByPath [ "a" "b" ] 0 { a.b = 1; } => 1
attrByPath = path: default: set:
  let
    depth = builtins.length path;
    go = at: value:
      if at == depth then value
      else let name = builtins.elemAt path at; in if value ? ${name} then go (at + 1) value.${name} else default;
  in
  go 0 set;

# Whether there is a value at a path of names.
# :: [String] -> {a} -> Bool
# lib.hasAttrByPath [ "a" "b" ] { a.b = 1; } => true
hasAttrByPath = path: set: builtins.length (lib.longestValidPathPrefix path set) == builtins.length path;

# As much of a path of names as leads to a value.
# :: [String] -> {a} -> [String]
# lib.longestValidPathPrefix [ "a" "x" ] { a.b = 1; } => [ "a" ]
longestValidPathPrefix = path: set:
  let
    depth = builtins.length path;
    go = at: value:
      if at == depth then path
      else let name = builtins.elemAt path at; in if value ? ${name} then go (at + 1) value.${name} else lib.take at path;
  in
  go 0 set;

# The value at a path of names, which must be there.
# :: [String] -> {a} -> a
# lib.getAttrFromPath [ "a" "b" ] { a.b = 1; } => 1
getAttrFromPath = path: set:
  lib.attrByPath path (abort "cannot find attribute '${builtins.concatStringsSep "." path}'") set;

# A set with the value at a path of names.
# :: [String] -> a -> {a}
# lib.setAttrByPath [ "a" "b" ] 1 => { a = { b = 1; }; }
setAttrByPath = path: value: lib.foldr (name: inner: { ${name} = inner; }) value path;

# The set with the values at some paths put through functions; deeper paths first.
# :: [{ path :: [String]; update :: a -> b; }] -> {a} -> {b}
# lib.updateManyAttrsByPath [ { path = [ "a" "b" ]; update = old: old + 1; } ] { a.b = 1; } => { a = { b = 2; }; }
updateManyAttrsByPath = updates: set:
  let
    # What is at a depth of the paths; `there` says whether it was in the set at all.
    at = depth: there: value: updates:
      let
        split = builtins.partition (one: builtins.length one.path == depth) updates;
        below = builtins.groupBy (one: builtins.elemAt one.path depth) split.wrong;
        path = lib.showAttrPath (lib.take depth (builtins.head updates).path);
        inner =
          if split.wrong == [ ] then if there then value else throw "updateManyAttrsByPath: `${path}` is not there, but the first update to it asks for its value"
          else if !there then builtins.mapAttrs (name: at (depth + 1) false null) below
          else if builtins.isAttrs value then value // builtins.mapAttrs (name: at (depth + 1) (value ? ${name}) value.${name}) below
          else throw "updateManyAttrsByPath: `${path}` is no set, but something in it is to be updated";
      in
      lib.foldl (value: one: one.update value) inner split.right;
  in
  at 0 true set updates;

# The sets that the function makes of each attribute's name and value, as one.
# :: (String -> a -> {b}) -> {a} -> {b}
# lib.concatMapAttrs (n: v: { ${n} = v; "${n}2" = v; }) { a = 1; } => { a = 1; a2 = 1; }
concatMapAttrs = f: set: lib.mergeAttrsList (builtins.attrValues (builtins.mapAttrs f set));

# The values of these names.
# :: [String] -> {a} -> [a]
# lib.attrVals [ "b" "a" ] { a = 1; b = 2; } => [ 2 1 ]
attrVals = names: set: map (x: set.${x}) names;

# The set with these attributes alone, which must be there.
# :: [String] -> {a} -> {a}
# lib.getAttrs [ "a" ] { a = 1; b = 2; } => { a = 1; }
getAttrs = names: set: lib.genAttrs names (name: set.${name});

# The attributes that the function says yes to, which is given name and value.
# :: (String -> a -> Bool) -> {a} -> {a}
# lib.filterAttrs (n: v: v > 1) { a = 1; b = 2; } => { b = 2; }
filterAttrs = native;

# The same, also within sets that are values.
# :: (String -> a -> Bool) -> {a} -> {a}
# lib.filterAttrsRecursive (n: v: v != null) { a = null; b = { c = null; d = 1; }; } => { b = { d = 1; }; }
filterAttrsRecursive = pred: set:
  let within = v: if builtins.isAttrs v then lib.filterAttrsRecursive pred v else v;
  in builtins.mapAttrs (name: within) (lib.filterAttrs pred set);

# Combines the attributes, in the order of their names, with what came so far.
# :: (b -> String -> a -> b) -> b -> {a} -> b
# lib.foldlAttrs (sum: n: v: sum + v) 0 { a = 1; b = 2; } => 3
foldlAttrs = f: init: set: builtins.foldl' (acc: name: f acc name set.${name}) init (builtins.attrNames set);

# Combines the values of each name in a list of sets, from the last on.
# :: (a -> b -> b) -> b -> [{a}] -> {b}
# lib.foldAttrs (item: acc: [ item ] ++ acc) [ ] [ { a = 1; } { a = 2; b = 3; } ] => { a = [ 1 2 ]; b = [ 3 ]; }
foldAttrs = op: nul: list:
  lib.foldr
    (set: acc: acc // builtins.mapAttrs (name: value: op value (acc.${name} or nul)) set)
    { }
    list;

# All values within a set that the function says yes to, as a list; not looked for within those.
# :: (a -> Bool) -> {a} -> [a]
# lib.collect builtins.isInt { a = 1; b = { c = 2; }; } => [ 1 2 ]
collect = pred: set:
  if pred set then [ set ]
  else if builtins.isAttrs set then builtins.concatMap (lib.collect pred) (builtins.attrValues set)
  else [ ];

# All combinations of the values in a set of lists.
# :: {[a]} -> [{a}]
# lib.cartesianProduct { a = [ 1 2 ]; b = [ 3 ]; } => [ { a = 1; b = 3; } { a = 2; b = 3; } ]
cartesianProduct = sets:
  builtins.foldl'
    (found: name: builtins.concatMap (set: map (value: set // { ${name} = value; }) sets.${name}) found)
    [ { } ]
    (builtins.attrNames sets);

# `lib.cartesianProduct` by its old name.
# :: {[a]} -> [{a}]
# lib.cartesianProductOfSets { a = [ 1 2 ]; } => [ { a = 1; } { a = 2; } ]
cartesianProductOfSets = lib.cartesianProduct;

# What the function makes of each combination of the values in a set of lists.
# :: ({a} -> b) -> {[a]} -> [b]
# lib.mapCartesianProduct ({ a, b }: a + b) { a = [ 1 2 ]; b = [ 10 ]; } => [ 11 12 ]
mapCartesianProduct = f: sets: map f (lib.cartesianProduct sets);

# A set of a `name` and a `value`, as `listToAttrs` takes them.
# :: String -> a -> { name :: String; value :: a; }
# lib.nameValuePair "a" 1 => { name = "a"; value = 1; }
nameValuePair = native;

# The set of the names and values that the function makes of each attribute.
# :: (String -> a -> { name :: String; value :: b; }) -> {a} -> {b}
# lib.mapAttrs' (n: v: lib.nameValuePair "x-${n}" (v + 1)) { a = 1; } => { x-a = 2; }
mapAttrs' = native;

# What the function makes of each attribute's name and value, as a list in the order of the names.
# :: (String -> a -> b) -> {a} -> [b]
# lib.mapAttrsToList (n: v: "${n}=${v}") { b = 2; a = 1; } => [ "a=1" "b=2" ]
mapAttrsToList = native;

# The attributes as a list of sets with `name` and `value`.
# :: {a} -> [{ name :: String; value :: a; }]
# lib.attrsToList { a = 1; } => [ { name = "a"; value = 1; } ]
attrsToList = lib.mapAttrsToList (name: value: { inherit name value; });

# What the function makes of each value that is no set, and of the path to it.
# :: ([String] -> a -> b) -> {a} -> {b}
# lib.mapAttrsRecursive (path: v: lib.concatStringsSep "." path) { a.b = 1; } => { a = { b = "a.b"; }; }
mapAttrsRecursive = lib.mapAttrsRecursiveCond (set: true);

# The same, where a set that the first function says no to counts as a value.
# :: ({a} -> Bool) -> ([String] -> a -> b) -> {a} -> {b}
# lib.mapAttrsRecursiveCond (s: !(s ? leaf)) (path: v: lib.length path) { a.b = 1; c.leaf = 2; } => { a = { b = 2; }; c = 1; }
mapAttrsRecursiveCond = cond: f:
  let
    go = path: builtins.mapAttrs (name: value:
      let here = path ++ [ name ];
      in if builtins.isAttrs value && cond value then go here value else f here value);
  in
  go [ ];

# What the function makes of each value that is no set, and of the path to it, as a list.
# :: ([String] -> a -> b) -> {a} -> [b]
# lib.mapAttrsToListRecursive (path: v: "${lib.concatStringsSep "." path}=${v}") { a.b = 1; c = 2; } => [ "a.b=1" "c=2" ]
mapAttrsToListRecursive = lib.mapAttrsToListRecursiveCond (path: set: true);

# The same, where a set that the first function, of path and set, says no to counts as a value.
# :: ([String] -> {a} -> Bool) -> ([String] -> a -> b) -> {a} -> [b]
# lib.mapAttrsToListRecursiveCond (path: s: !(s ? leaf)) (path: v: lib.last path) { a.b = 1; c.leaf = 2; } => [ "b" "c" ]
mapAttrsToListRecursiveCond = cond: f:
  let
    go = path: value:
      if builtins.isAttrs value && cond path value
      then builtins.concatLists (lib.mapAttrsToList (name: go (path ++ [ name ])) value)
      else [ (f path value) ];
  in
  go [ ];

# A set of these names, each with what the function makes of it.
# :: [String] -> (String -> a) -> {a}
# lib.genAttrs [ "a" "b" ] (n: "${n}!") => { a = "a!"; b = "b!"; }
genAttrs = native;

# A set of the names and values that the function makes of each item.
# :: [a] -> (a -> { name :: String; value :: b; }) -> {b}
# lib.genAttrs' [ 1 2 ] (i: lib.nameValuePair "n${i}" i) => { n1 = 1; n2 = 2; }
genAttrs' = items: f: builtins.listToAttrs (map f items);

# Whether it is a package of Nix: a set whose `type` is `derivation`.
# :: a -> Bool
# lib.isDerivation { } => false
isDerivation = value: value.type or null == "derivation";

# The set if the condition holds, else an empty one.
# :: Bool -> {a} -> {a}
# lib.optionalAttrs true { a = 1; } => { a = 1; }
optionalAttrs = native;

# A set of these names, each with what the function makes of the name and its values in the sets.
# :: [String] -> (String -> [a] -> b) -> [{a}] -> {b}
# lib.zipAttrsWithNames [ "a" ] (n: vs: vs) [ { a = 1; } { a = 2; b = 3; } ] => { a = [ 1 2 ]; }
zipAttrsWithNames = names: f: sets: lib.genAttrs names (name: f name (builtins.catAttrs name sets));

# A set of all names in the sets, each with its values.
# :: [{a}] -> {[a]}
# lib.zipAttrs [ { a = 1; } { a = 2; b = 3; } ] => { a = [ 1 2 ]; b = [ 3 ]; }
zipAttrs = builtins.zipAttrsWith (name: values: values);

# The sets as one; of equal names the last counts.
# :: [{a}] -> {a}
# lib.mergeAttrsList [ { a = 1; } { a = 2; b = 3; } ] => { a = 2; b = 3; }
mergeAttrsList = builtins.zipAttrsWith (name: lib.last);

# Two sets as one, down to where the function, of a path and both values, says that the second value counts as it is.
# :: ([String] -> a -> a -> Bool) -> {a} -> {a} -> {a}
# lib.recursiveUpdateUntil (path: l: r: path == [ "a" ]) { a.b = 1; c.d = 2; } { a.e = 3; c.f = 4; } => { a = { e = 3; }; c = { d = 2; f = 4; }; }
recursiveUpdateUntil = pred: left: right:
  let
    merge = path: builtins.zipAttrsWith (name: values:
      let
        here = path ++ [ name ];
        new = builtins.elemAt values 0;
      in
      if builtins.length values == 1 || pred here (builtins.elemAt values 1) new then new else merge here values);
  in
  merge [ ] [ right left ];

# Two sets as one, also sets within them; of anything else the second one's value counts.
# :: {a} -> {a} -> {a}
# lib.recursiveUpdate { a = { b = 1; c = 2; }; } { a.b = 3; } => { a = { b = 3; c = 2; }; }
recursiveUpdate = native;

# Whether the second set has all that the first one has, also within sets.
# :: {a} -> {a} -> Bool
# lib.matchAttrs { a.b = 1; } { a = { b = 1; c = 2; }; } => true
matchAttrs = pattern: attrs:
  let
    fits = name: wanted:
      attrs ? ${name}
      && (if builtins.isAttrs wanted && builtins.isAttrs attrs.${name} then lib.matchAttrs wanted attrs.${name} else wanted == attrs.${name});
  in
  builtins.all lib.id (lib.mapAttrsToList fits pattern);

# The first set with the values that the second one has for its names.
# :: {a} -> {a} -> {a}
# lib.overrideExisting { a = 1; b = 2; } { b = 3; c = 4; } => { a = 1; b = 3; }
overrideExisting = old: new: builtins.mapAttrs (name: value: new.${name} or value) old;

# A path of names as it is written.
# :: [String] -> String
# lib.showAttrPath [ "a" "b c" ] => "a.\"b c\""
showAttrPath = path:
  if path == [ ] then "<root attribute path>" else lib.concatMapStringsSep "." lib.escapeNixIdentifier path;

# Two sets as one that have no name in common.
# :: {a} -> {a} -> {a}
# lib.attrsets.unionOfDisjoint { a = 1; } { b = 2; } => { a = 1; b = 2; }
unionOfDisjoint = x: y:
  x // y // builtins.mapAttrs (name: value: throw "unionOfDisjoint: both sets have `${name}`") (builtins.intersectAttrs x y);
