# `lib.lists`. Named and meant as in nixpkgs; also at the top of `lib`. What is `native` is written in Rust, in `lists.rs`.

inherit (builtins) all any concatLists concatMap elem elemAt filter genList groupBy head isList length map partition sort tail;

# The whole numbers from the first to the second, both included.
# :: Int -> Int -> [Int]
# lib.range 1 3 => [ 1 2 3 ]
range = native;

# A list of one item.
# :: a -> [a]
# lib.singleton 1 => [ 1 ]
singleton = x: [ x ];

# `map` with the list first.
# :: [a] -> (a -> b) -> [b]
# lib.forEach [ 1 2 ] (x: x * 2) => [ 2 4 ]
forEach = list: f: map f list;

# Combines the items with the rest, from the last on; lazily, so that the function may leave the rest alone.
# :: (a -> b -> b) -> b -> [a] -> b
# lib.foldr (x: rest: [ x ] ++ rest) [ ] [ 1 2 ] => [ 1 2 ]
foldr = native;

# `foldr` by its old name.
# :: (a -> b -> b) -> b -> [a] -> b
# lib.fold builtins.add 0 [ 1 2 ] => 3
fold = lib.foldr;

# Combines the items with what came so far, from the first on; lazily.
# :: (b -> a -> b) -> b -> [a] -> b
# lib.foldl (all: x: all + x) "" [ "a" "b" ] => "ab"
foldl = native;

# The same, evaluating each result at once, and what it begins with.
# :: (b -> a -> b) -> b -> [a] -> b
# lib.foldl' (sum: x: sum + x) 0 [ 1 2 3 ] => 6
foldl' = op: acc: builtins.seq acc (builtins.foldl' op acc);

# What the function makes of each item and its position, counted from 0.
# :: (Int -> a -> b) -> [a] -> [b]
# lib.imap0 (i: x: "${i}${x}") [ "a" "b" ] => [ "0a" "1b" ]
imap0 = native;

# What the function makes of each item and its position, counted from 1.
# :: (Int -> a -> b) -> [a] -> [b]
# lib.imap1 (i: x: "${i}${x}") [ "a" "b" ] => [ "1a" "2b" ]
imap1 = native;

# The items that the function says yes to, which is given their position too, counted from 0.
# :: (Int -> a -> Bool) -> [a] -> [a]
# lib.ifilter0 (i: x: i > 0) [ 1 2 3 ] => [ 2 3 ]
ifilter0 = p: list: builtins.concatLists (lib.imap0 (i: x: if p i x then [ x ] else [ ]) list);

# All items of lists within lists, as one list.
# :: [a | [a]] -> [a]
# lib.flatten [ 1 [ 2 [ 3 ] ] ] => [ 1 2 3 ]
flatten = native;

# The items that are not equal to this one.
# :: a -> [a] -> [a]
# lib.remove 1 [ 1 2 1 ] => [ 2 ]
remove = e: builtins.filter (x: x != e);

# The only item that the function says yes to; the second argument if there is none, the third if there are more.
# :: (a -> Bool) -> a -> a -> [a] -> a
# lib.findSingle (x: x > 2) "none" "many" [ 1 2 3 ] => 3
findSingle = pred: default: multiple: list:
  let found = builtins.filter pred list;
  in if found == [ ] then default else if builtins.length found > 1 then multiple else builtins.head found;

# The first item that the function says yes to, or the second argument.
# :: (a -> Bool) -> a -> [a] -> a
# lib.findFirst (x: x > 1) null [ 1 2 3 ] => 2
findFirst = native;

# The position of the first item that the function says yes to, or the second argument.
# :: (a -> Bool) -> a -> [a] -> Int | a
# lib.findFirstIndex (x: x > 1) null [ 1 2 3 ] => 1
findFirstIndex = pred: default: list:
  lib.findFirst (i: pred (builtins.elemAt list i)) default (builtins.genList lib.id (builtins.length list));

# How many items the function says yes to.
# :: (a -> Bool) -> [a] -> Int
# lib.count (x: x > 1) [ 1 2 3 ] => 2
count = native;

# A list of the value if the condition holds, else an empty one.
# :: Bool -> a -> [a]
# lib.optional true 1 => [ 1 ]
optional = native;

# The list if the condition holds, else an empty one.
# :: Bool -> [a] -> [a]
# lib.optionals false [ 1 2 ] => [ ]
optionals = native;

# A list as it is, anything else as a list of it.
# :: a | [a] -> [a]
# lib.toList 1 => [ 1 ]
toList = native;

# The same value so many times.
# :: Int -> a -> [a]
# lib.replicate 2 "a" => [ "a" "a" ]
replicate = native;

# The items by the name that the function gives each, and each group folded with a function of what came so far and the item.
# :: (b -> a -> b) -> b -> (a -> String) -> [a] -> {b}
# lib.groupBy' builtins.add 0 (x: if x > 1 then "many" else "one") [ 1 2 3 ] => { many = 5; one = 1; }
groupBy' = op: nul: pred: list: builtins.mapAttrs (name: lib.foldl op nul) (builtins.groupBy pred list);

# What the function makes of the items of two lists at the same position; as many as the shorter one has.
# :: (a -> b -> c) -> [a] -> [b] -> [c]
# lib.zipListsWith (a: b: a + b) [ 1 2 ] [ 10 20 30 ] => [ 11 22 ]
zipListsWith = f: fst: snd:
  builtins.genList
    (n: f (builtins.elemAt fst n) (builtins.elemAt snd n))
    (lib.min (builtins.length fst) (builtins.length snd));

# The items of two lists at the same position, as pairs.
# :: [a] -> [b] -> [{ fst :: a; snd :: b; }]
# lib.zipLists [ 1 2 ] [ "a" ] => [ { fst = 1; snd = "a"; } ]
zipLists = lib.zipListsWith (fst: snd: { inherit fst snd; });

# The list the other way round.
# :: [a] -> [a]
# lib.reverseList [ 1 2 3 ] => [ 3 2 1 ]
reverseList = native;

# Goes from the first item to one before which nothing comes: that is `minimal`, or, where they go round, there is a `cycle`.
# :: Bool -> (a -> a -> Bool) -> [a] -> { minimal, visited, rest } | { cycle, loops, visited, rest }
# (lib.listDfs true (a: b: a < b) [ 2 3 1 ]).minimal => 1
listDfs = stopOnCycles: before: list:
  let
    from = here: visited: rest:
      let
        loops = builtins.filter (seen: before seen here) visited;
        next = builtins.partition (other: before other here) rest;
      in
      if stopOnCycles && loops != [ ] then { cycle = here; inherit loops visited rest; }
      else if next.right == [ ] then { minimal = here; inherit visited rest; }
      else from (builtins.head next.right) ([ here ] ++ visited) (builtins.tail next.right ++ next.wrong);
  in
  from (builtins.head list) [ ] (builtins.tail list);

# The list in an order where each comes after what is before it, as `result`; or the `cycle` where they go round.
# :: (a -> a -> Bool) -> [a] -> { result } | { cycle, loops }
# (lib.toposort (a: b: a < b) [ 3 1 2 ]).result => [ 1 2 3 ]
toposort = before: list:
  let
    found = lib.listDfs true before list;
    others = lib.toposort before (found.visited ++ found.rest);
  in
  if builtins.length list < 2 then { result = list; }
  else if found ? cycle then { cycle = lib.reverseList ([ found.cycle ] ++ found.visited); inherit (found) loops; }
  else if others ? cycle then others
  else { result = [ found.minimal ] ++ others.result; };

# The list in the order of what the function makes of each item.
# :: (a -> b) -> [a] -> [a]
# lib.sortOn (h: h.n) [ { n = 2; } { n = 1; } ] => [ { n = 1; } { n = 2; } ]
sortOn = native;

# -1, 0 or 1: compares two lists item by item.
# :: (a -> a -> Int) -> [a] -> [a] -> Int
# lib.compareLists lib.compare [ 1 2 ] [ 1 3 ] => -1
compareLists = cmp: a: b:
  let
    differs = lib.findFirst (rel: rel != 0) 0 (lib.zipListsWith cmp a b);
  in
  if differs != 0 then differs else lib.compare (builtins.length a) (builtins.length b);

# Texts in the order in which people expect numbers within them.
# :: [String] -> [String]
# lib.naturalSort [ "kdc10" "kdc9" ] => [ "kdc9" "kdc10" ]
naturalSort = list:
  let
    part = x: if builtins.isList x then lib.toInt (builtins.head x) else x;
    prepare = text: { inherit text; parts = map part (builtins.split "(0|[1-9][0-9]*)" text); };
    less = a: b: lib.compareLists lib.compare a.parts b.parts < 0;
  in
  map (one: one.text) (builtins.sort less (map prepare list));

# The first items, so many.
# :: Int -> [a] -> [a]
# lib.take 2 [ 1 2 3 ] => [ 1 2 ]
take = native;

# The last items, so many.
# :: Int -> [a] -> [a]
# lib.takeEnd 2 [ 1 2 3 ] => [ 2 3 ]
takeEnd = n: xs: lib.drop (lib.max 0 (builtins.length xs - n)) xs;

# All items but the first, so many.
# :: Int -> [a] -> [a]
# lib.drop 2 [ 1 2 3 ] => [ 3 ]
drop = native;

# All items but the last, so many.
# :: Int -> [a] -> [a]
# lib.dropEnd 2 [ 1 2 3 ] => [ 1 ]
dropEnd = n: xs: lib.take (lib.max 0 (builtins.length xs - n)) xs;

# Whether the second list begins with the first.
# :: [a] -> [a] -> Bool
# lib.lists.hasPrefix [ 1 ] [ 1 2 ] => true
hasPrefix = list1: list2: lib.take (builtins.length list1) list2 == list1;

# The second list without the first, with which it must begin.
# :: [a] -> [a] -> [a]
# lib.lists.removePrefix [ 1 ] [ 1 2 ] => [ 2 ]
removePrefix = list1: list2:
  if lib.lists.hasPrefix list1 list2 then lib.drop (builtins.length list1) list2
  else throw "the second list does not begin with the first";

# So many items from a position on, counted from 0.
# :: Int -> Int -> [a] -> [a]
# lib.sublist 1 2 [ 1 2 3 4 ] => [ 2 3 ]
sublist = native;

# What two lists begin with alike.
# :: [a] -> [a] -> [a]
# lib.lists.commonPrefix [ 1 2 3 ] [ 1 2 4 ] => [ 1 2 ]
commonPrefix = list1: list2:
  let
    alike = lib.zipListsWith (a: b: a == b) list1 list2;
  in
  lib.take (lib.findFirstIndex (same: !same) (builtins.length alike) alike) list1;

# The last item.
# :: [a] -> a
# lib.last [ 1 2 3 ] => 3
last = native;

# All items but the last.
# :: [a] -> [a]
# lib.init [ 1 2 3 ] => [ 1 2 ]
init = native;

# The function called with each combination of items of the lists. `lib.mapCartesianProduct` says it with names.
# :: (a -> b -> c) -> [[a]] -> [c]
# lib.crossLists (a: b: a + b) [ [ 1 2 ] [ 10 20 ] ] => [ 11 21 12 22 ]
crossLists = f: builtins.foldl' (fs: args: builtins.concatMap (f: map f args) fs) [ f ];

# The items, each once, in the order in which they first come.
# :: [a] -> [a]
# lib.unique [ 1 2 1 ] => [ 1 2 ]
unique = native;

# Texts, each once, in the order of the alphabet.
# :: [String] -> [String]
# lib.uniqueStrings [ "b" "a" "b" ] => [ "a" "b" ]
uniqueStrings = list: builtins.attrNames (builtins.groupBy lib.id list);

# Whether no item comes twice.
# :: [a] -> Bool
# lib.allUnique [ 1 2 1 ] => false
allUnique = list: builtins.length (lib.unique list) == builtins.length list;

# The items of the second list that the first one has.
# :: [a] -> [a] -> [a]
# lib.intersectLists [ 1 2 3 ] [ 3 1 5 ] => [ 3 1 ]
intersectLists = native;

# The items of the second list that the first one does not have.
# :: [a] -> [a] -> [a]
# lib.subtractLists [ 1 2 ] [ 1 2 3 ] => [ 3 ]
subtractLists = native;

# Whether two lists have no item in common.
# :: [a] -> [a] -> Bool
# lib.mutuallyExclusive [ 1 2 ] [ 3 ] => true
mutuallyExclusive = a: b: builtins.length a == 0 || !(builtins.any (x: builtins.elem x a) b);

# The lists that are a set's values, as one, in the order of their names.
# :: {[a]} -> [a]
# lib.concatAttrValues { b = [ 3 ]; a = [ 1 2 ]; } => [ 1 2 3 ]
concatAttrValues = set: builtins.concatLists (builtins.attrValues set);

# The list with another item at a position, counted from 0.
# :: [a] -> Int -> a -> [a]
# lib.replaceElemAt [ 1 2 3 ] 1 "b" => [ 1 "b" 3 ]
replaceElemAt = list: at: new:
  if at < 0 || at >= builtins.length list then throw "no item ${at} in a list of ${builtins.length list}"
  else lib.imap0 (i: old: if i == at then new else old) list;
