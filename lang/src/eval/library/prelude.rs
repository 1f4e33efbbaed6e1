//! Definitions of `lib` in the language itself: what is not hot enough for Rust. Named and meant as in nixpkgs.

pub(super) type Definitions = &'static [(&'static str, &'static str)];

pub(super) const TRIVIAL: Definitions = &[
    ("id", "x: x"),
    ("const", "x: y: x"),
    ("flip", "f: a: b: f b a"),
    ("pipe", "value: functions: builtins.foldl' (x: f: f x) value functions"),
    ("concat", "x: y: x ++ y"),
    ("and", "x: y: x && y"),
    ("or", "x: y: x || y"),
    ("xor", "x: y: (!x) != (!y)"),
    ("bitNot", "builtins.sub (-1)"),
    ("boolToString", "b: if b then \"true\" else \"false\""),
    ("boolToYesNo", "b: if b then \"yes\" else \"no\""),
    ("mergeAttrs", "x: y: x // y"),
    ("min", "x: y: if x < y then x else y"),
    ("max", "x: y: if x > y then x else y"),
    ("mod", "base: int: base - (int * (base / int))"),
    ("compare", "a: b: if a < b then -1 else if a > b then 1 else 0"),
    (
        "splitByAndCompare",
        "p: yes: no: a: b: if p a then (if p b then yes a b else -1) else if p b then 1 else no a b",
    ),
    ("mapNullable", "f: a: if a == null then a else f a"),
    ("defaultTo", "default: maybe: if maybe != null then maybe else default"),
    ("fix", "f: let x = f x; in x"),
    ("converge", "f: x: let next = f x; in if next == x then x else lib.converge f next"),
    ("extends", "overlay: f: final: let prev = f final; in prev // overlay final prev"),
    (
        "composeExtensions",
        "f: g: final: prev: let fApplied = f final prev; prev' = prev // fApplied; in fApplied // g final prev'",
    ),
    ("composeManyExtensions", "lib.foldr (x: y: lib.composeExtensions x y) (final: prev: { })"),
    ("throwIf", "cond: message: if cond then throw message else x: x"),
    ("throwIfNot", "cond: message: if cond then x: x else throw message"),
    ("assertMsg", "pred: message: pred || throw message"),
    (
        "assertOneOf",
        "name: value: values: lib.assertMsg (lib.elem value values) \"${name} must be one of ${builtins.toJSON values}, found ${builtins.toJSON value}\"",
    ),
    ("warn", "builtins.warn"),
    ("warnIf", "cond: message: if cond then builtins.warn message else x: x"),
    ("warnIfNot", "cond: message: if cond then x: x else builtins.warn message"),
    ("isFunction", "f: builtins.isFunction f || (f ? __functor && lib.isFunction (f.__functor f))"),
    (
        "functionArgs",
        "f: if f ? __functor then f.__functionArgs or (lib.functionArgs (f.__functor f)) else builtins.functionArgs f",
    ),
    ("setFunctionArgs", "f: args: { __functor = self: f; __functionArgs = args; }"),
    ("toFunction", "v: if lib.isFunction v then v else k: v"),
    (
        "toBaseDigits",
        "base: i: let go = i: if i < base then [ i ] else let r = i - ((i / base) * base); q = (i - r) / base; in [ r ] ++ go q; in assert builtins.isInt base && base >= 2; assert builtins.isInt i && i >= 0; lib.reverseList (go i)",
    ),
    (
        "toHexString",
        "i: lib.concatMapStrings (d: builtins.elemAt [ \"0\" \"1\" \"2\" \"3\" \"4\" \"5\" \"6\" \"7\" \"8\" \"9\" \"A\" \"B\" \"C\" \"D\" \"E\" \"F\" ] d) (lib.toBaseDigits 16 i)",
    ),
    (
        "fromHexString",
        "text: let digits = lib.stringToCharacters (lib.toLower (lib.removePrefix \"0x\" text)); values = { \"0\" = 0; \"1\" = 1; \"2\" = 2; \"3\" = 3; \"4\" = 4; \"5\" = 5; \"6\" = 6; \"7\" = 7; \"8\" = 8; \"9\" = 9; a = 10; b = 11; c = 12; d = 13; e = 14; f = 15; }; in builtins.foldl' (n: d: n * 16 + (values.${d} or (throw \"not a hexadecimal number: ${text}\"))) 0 digits",
    ),
];

pub(super) const LISTS: Definitions = &[
    ("singleton", "x: [ x ]"),
    ("forEach", "list: f: map f list"),
    (
        "foldl",
        "op: nul: list: let go = n: if n == -1 then nul else op (go (n - 1)) (builtins.elemAt list n); in go (builtins.length list - 1)",
    ),
    ("fold", "lib.foldr"),
    ("ifilter0", "p: list: builtins.concatLists (lib.imap0 (i: x: if p i x then [ x ] else [ ]) list)"),
    ("remove", "e: builtins.filter (x: x != e)"),
    (
        "findSingle",
        "pred: default: multiple: list: let found = builtins.filter pred list; n = builtins.length found; in if n == 0 then default else if n != 1 then multiple else builtins.head found",
    ),
    (
        "findFirstIndex",
        "pred: default: list: lib.findFirst (i: pred (builtins.elemAt list i)) default (builtins.genList (i: i) (builtins.length list))",
    ),
    (
        "groupBy'",
        "op: nul: pred: list: builtins.mapAttrs (name: builtins.foldl' op nul) (builtins.groupBy pred list)",
    ),
    (
        "zipListsWith",
        "f: fst: snd: builtins.genList (n: f (builtins.elemAt fst n) (builtins.elemAt snd n)) (lib.min (builtins.length fst) (builtins.length snd))",
    ),
    ("zipLists", "lib.zipListsWith (fst: snd: { inherit fst snd; })"),
    (
        "listDfs",
        "stopOnCycles: before: list: let dfs' = us: visited: rest: let c = builtins.filter (x: before x us) visited; b = builtins.partition (x: before x us) rest; in if stopOnCycles && (builtins.length c > 0) then { cycle = us; loops = c; inherit visited rest; } else if builtins.length b.right == 0 then { minimal = us; inherit visited rest; } else dfs' (builtins.head b.right) ([ us ] ++ visited) (builtins.tail b.right ++ b.wrong); in dfs' (builtins.head list) [ ] (builtins.tail list)",
    ),
    (
        "toposort",
        "before: list: let dfsthis = lib.listDfs true before list; toporest = lib.toposort before (dfsthis.visited ++ dfsthis.rest); in if builtins.length list < 2 then { result = list; } else if dfsthis ? cycle then { cycle = lib.reverseList ([ dfsthis.cycle ] ++ dfsthis.visited); inherit (dfsthis) loops; } else if toporest ? cycle then toporest else { result = [ dfsthis.minimal ] ++ toporest.result; }",
    ),
    (
        "compareLists",
        "cmp: a: b: if a == [ ] then if b == [ ] then 0 else -1 else if b == [ ] then 1 else let rel = cmp (builtins.head a) (builtins.head b); in if rel == 0 then lib.compareLists cmp (builtins.tail a) (builtins.tail b) else rel",
    ),
    (
        "naturalSort",
        "lst: let vectorise = s: map (x: if builtins.isList x then lib.toInt (builtins.head x) else x) (builtins.split \"(0|[1-9][0-9]*)\" s); prepared = map (x: [ (vectorise x) x ]) lst; less = a: b: (lib.compareLists lib.compare (builtins.head a) (builtins.head b)) < 0; in map (x: builtins.elemAt x 1) (builtins.sort less prepared)",
    ),
    ("takeEnd", "n: xs: lib.drop (lib.max 0 (builtins.length xs - n)) xs"),
    ("dropEnd", "n: xs: lib.take (lib.max 0 (builtins.length xs - n)) xs"),
    ("hasPrefix", "list1: list2: lib.take (builtins.length list1) list2 == list1"),
    (
        "removePrefix",
        "list1: list2: if lib.lists.hasPrefix list1 list2 then lib.drop (builtins.length list1) list2 else throw \"the first list is no prefix of the second\"",
    ),
    (
        "commonPrefix",
        "list1: list2: let go = n: if n < builtins.length list1 && n < builtins.length list2 && builtins.elemAt list1 n == builtins.elemAt list2 n then go (n + 1) else n; in lib.take (go 0) list1",
    ),
    ("crossLists", "f: builtins.foldl' (fs: args: builtins.concatMap (f: map f args) fs) [ f ]"),
    ("uniqueStrings", "list: builtins.attrNames (builtins.groupBy (x: x) list)"),
    ("allUnique", "list: builtins.length (lib.unique list) == builtins.length list"),
    ("mutuallyExclusive", "a: b: builtins.length a == 0 || !(builtins.any (x: builtins.elem x a) b)"),
    ("concatAttrValues", "set: builtins.concatLists (builtins.attrValues set)"),
    ("reverse", "lib.reverseList"),
    ("sum", "builtins.foldl' builtins.add 0"),
];

pub(super) const ATTRSETS: Definitions = &[
    (
        "attrByPath",
        "path: default: set: let n = builtins.length path; go = i: s: if i == n then s else let a = builtins.elemAt path i; in if s ? ${a} then go (i + 1) s.${a} else default; in go 0 set",
    ),
    (
        "hasAttrByPath",
        "path: set: let n = builtins.length path; go = i: s: i == n || (let a = builtins.elemAt path i; in s ? ${a} && go (i + 1) s.${a}); in go 0 set",
    ),
    (
        "getAttrFromPath",
        "path: set: lib.attrByPath path (throw \"no attribute `${builtins.concatStringsSep \".\" path}`\") set",
    ),
    ("getAttrByPath", "lib.getAttrFromPath"),
    (
        "setAttrByPath",
        "path: value: let n = builtins.length path; go = i: if i == n then value else { ${builtins.elemAt path i} = go (i + 1); }; in go 0",
    ),
    (
        "updateManyAttrsByPath",
        "updates: set: builtins.foldl' (acc: u: lib.recursiveUpdate acc (lib.setAttrByPath u.path (u.update (lib.attrByPath u.path null acc)))) set updates",
    ),
    ("concatMapAttrs", "f: set: lib.mergeAttrsList (builtins.attrValues (builtins.mapAttrs f set))"),
    ("attrVals", "names: set: map (x: set.${x}) names"),
    ("getAttrs", "names: set: lib.genAttrs names (name: set.${name})"),
    (
        "filterAttrsRecursive",
        "pred: set: builtins.listToAttrs (builtins.concatMap (name: let v = set.${name}; in if pred name v then [ { inherit name; value = if builtins.isAttrs v then lib.filterAttrsRecursive pred v else v; } ] else [ ]) (builtins.attrNames set))",
    ),
    (
        "foldlAttrs",
        "f: init: set: builtins.foldl' (acc: name: f acc name set.${name}) init (builtins.attrNames set)",
    ),
    (
        "foldAttrs",
        "op: nul: list: lib.foldr (n: a: builtins.foldl' (o: name: o // { ${name} = op n.${name} (a.${name} or nul); }) a (builtins.attrNames n)) { } list",
    ),
    (
        "collect",
        "pred: set: if pred set then [ set ] else if builtins.isAttrs set then builtins.concatMap (lib.collect pred) (builtins.attrValues set) else [ ]",
    ),
    (
        "cartesianProduct",
        "sets: builtins.foldl' (listOfAttrs: name: builtins.concatMap (attrs: map (v: attrs // { ${name} = v; }) sets.${name}) listOfAttrs) [ { } ] (builtins.attrNames sets)",
    ),
    ("cartesianProductOfSets", "lib.cartesianProduct"),
    ("mapCartesianProduct", "f: sets: map f (lib.cartesianProduct sets)"),
    ("attrsToList", "lib.mapAttrsToList (name: value: { inherit name value; })"),
    ("mapAttrsRecursive", "f: set: lib.mapAttrsRecursiveCond (as: true) f set"),
    (
        "mapAttrsRecursiveCond",
        "cond: f: set: let go = path: builtins.mapAttrs (name: value: if builtins.isAttrs value && cond value then go (path ++ [ name ]) value else f (path ++ [ name ]) value); in go [ ] set",
    ),
    (
        "zipAttrsWithNames",
        "names: f: sets: builtins.listToAttrs (map (name: { inherit name; value = f name (builtins.catAttrs name sets); }) names)",
    ),
    ("zipAttrs", "sets: builtins.zipAttrsWith (name: values: values) sets"),
    ("mergeAttrsList", "list: builtins.zipAttrsWith (name: lib.last) list"),
    (
        "recursiveUpdateUntil",
        "pred: lhs: rhs: let f = attrPath: builtins.zipAttrsWith (n: values: let here = attrPath ++ [ n ]; in if builtins.length values == 1 || pred here (builtins.elemAt values 1) (builtins.head values) then builtins.head values else f here values); in f [ ] [ rhs lhs ]",
    ),
    (
        "matchAttrs",
        "pattern: attrs: builtins.all (name: let p = pattern.${name}; in attrs ? ${name} && (let v = attrs.${name}; in if builtins.isAttrs p && builtins.isAttrs v then lib.matchAttrs p v else p == v)) (builtins.attrNames pattern)",
    ),
    ("overrideExisting", "old: new: builtins.mapAttrs (name: value: new.${name} or value) old"),
    (
        "unionOfDisjoint",
        "x: y: let both = builtins.attrNames (builtins.intersectAttrs x y); in if both == [ ] then x // y else throw \"both sets have `${builtins.concatStringsSep \"`, `\" both}`\"",
    ),
    ("isDerivation", "value: value.type or null == \"derivation\""),
    ("recurseIntoAttrs", "attrs: attrs // { recurseForDerivations = true; }"),
];

pub(super) const STRINGS: Definitions = &[
    ("concatImapStrings", "f: list: builtins.concatStringsSep \"\" (lib.imap1 f list)"),
    ("concatImapStringsSep", "sep: f: list: builtins.concatStringsSep sep (lib.imap1 f list)"),
    (
        "concatMapAttrsStringSep",
        "sep: f: attrs: builtins.concatStringsSep sep (lib.attrValues (builtins.mapAttrs f attrs))",
    ),
    (
        "intersperse",
        "separator: list: if list == [ ] || builtins.length list == 1 then list else builtins.tail (lib.concatMap (x: [ separator x ]) list)",
    ),
    ("join", "builtins.concatStringsSep"),
    ("stringAsChars", "f: s: builtins.concatStringsSep \"\" (map f (lib.stringToCharacters s))"),
    ("escape", "list: builtins.replaceStrings list (map (c: \"\\\\${c}\") list)"),
    ("escapeRegex", "lib.escape (lib.stringToCharacters \"\\\\[{()^$?*+|.\")"),
    (
        "escapeXML",
        "builtins.replaceStrings [ \"\\\"\" \"'\" \"<\" \">\" \"&\" ] [ \"&quot;\" \"&apos;\" \"&lt;\" \"&gt;\" \"&amp;\" ]",
    ),
    ("escapeNixString", "s: lib.escape [ \"$\" ] (builtins.toJSON s)"),
    (
        "escapeNixIdentifier",
        "s: if builtins.match \"[a-zA-Z_][a-zA-Z0-9_'-]*\" s != null then s else lib.escapeNixString s",
    ),
    ("isValidPosixName", "name: builtins.match \"[a-zA-Z_][a-zA-Z0-9_]*\" name != null"),
    (
        "toShellVar",
        "name: value: if builtins.isAttrs value then \"declare -A ${name}=(${builtins.concatStringsSep \" \" (lib.mapAttrsToList (n: v: \"[${lib.escapeShellArg n}]=${lib.escapeShellArg v}\") value)})\" else if builtins.isList value then \"declare -a ${name}=(${lib.escapeShellArgs value})\" else \"${name}=${lib.escapeShellArg value}\"",
    ),
    ("toShellVars", "vars: builtins.concatStringsSep \"\\n\" (lib.mapAttrsToList lib.toShellVar vars)"),
    (
        "makeSearchPath",
        "subDir: paths: builtins.concatStringsSep \":\" (map (path: path + \"/\" + subDir) (builtins.filter (x: x != null) paths))",
    ),
    ("versionOlder", "v1: v2: builtins.compareVersions v2 v1 == 1"),
    ("versionAtLeast", "v1: v2: !(lib.versionOlder v1 v2)"),
    ("getName", "x: (builtins.parseDrvName (x.pname or x.name or x)).name"),
    ("getVersion", "x: x.version or (builtins.parseDrvName (x.name or x)).version"),
    (
        "fixedWidthString",
        "width: filler: str: let strw = builtins.stringLength str; reqWidth = width - builtins.stringLength filler; in assert strw <= width; if strw == width then str else filler + lib.fixedWidthString reqWidth filler str",
    ),
    (
        "commonPrefixLength",
        "a: b: let m = lib.min (builtins.stringLength a) (builtins.stringLength b); go = i: if i >= m then m else if builtins.substring i 1 a == builtins.substring i 1 b then go (i + 1) else i; in go 0",
    ),
    (
        "commonSuffixLength",
        "a: b: let m = lib.min (builtins.stringLength a) (builtins.stringLength b); go = i: if i >= m then m else if builtins.substring (builtins.stringLength a - i - 1) 1 a == builtins.substring (builtins.stringLength b - i - 1) 1 b then go (i + 1) else i; in go 0",
    ),
    ("replaceChars", "builtins.replaceStrings"),
    (
        "toSentenceCase",
        "str: lib.toUpper (builtins.substring 0 1 str) + lib.toLower (builtins.substring 1 (-1) str)",
    ),
    ("addContextFrom", "a: b: b"),
    ("floatToString", "builtins.toString"),
    ("isStringLike", "x: builtins.isString x || x ? outPath || x ? __toString"),
    (
        "isConvertibleWithToString",
        "x: builtins.isString x || builtins.isInt x || builtins.isFloat x || builtins.isBool x || x == null || x ? outPath || x ? __toString || (builtins.isList x && builtins.all lib.isConvertibleWithToString x)",
    ),
    ("lowerChars", "lib.stringToCharacters \"abcdefghijklmnopqrstuvwxyz\""),
    ("upperChars", "lib.stringToCharacters \"ABCDEFGHIJKLMNOPQRSTUVWXYZ\""),
    ("replicate", "n: s: builtins.concatStringsSep \"\" (lib.lists.replicate n s)"),
    (
        "toIntBase10",
        "str: let m = builtins.match \"[[:space:]]*0*(-?[[:digit:]]+)[[:space:]]*\" str; in if m == null then throw \"`${str}` is no whole number\" else builtins.fromJSON (builtins.head m)",
    ),
];
