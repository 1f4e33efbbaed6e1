# Nix's pure builtins. Nix must answer each as `builtins.out` says.
---
[ (builtins.add 1 2) (builtins.sub 1 2) (builtins.mul 3 4) (builtins.div 7 2) (builtins.div 7.0 2) ]
---
[ (builtins.bitAnd 12 10) (builtins.bitOr 12 10) (builtins.bitXor 12 10) (builtins.bitAnd (-1) 255) ]
---
[ (builtins.ceil 1.2) (builtins.floor 1.8) (builtins.ceil (-1.5)) (builtins.floor (-1.5)) (builtins.ceil 3) ]
---
[ (builtins.lessThan 1 2) (builtins.lessThan "b" "a") (builtins.lessThan [ 1 ] [ 2 ]) ]
---
map builtins.typeOf [ 1 1.0 true null "a" [ ] { } (x: x) map ]
---
[ (builtins.isNull null) (builtins.isBool true) (builtins.isInt 1) (builtins.isFloat 1.0) (builtins.isString "") (builtins.isList [ ]) (builtins.isAttrs { }) (builtins.isFunction map) (builtins.isFunction (x: x)) (builtins.isPath "a") ]
---
[ (isNull 1) (builtins.isInt 1.0) (builtins.isFunction { __functor = self: x: x; }) ]
---
map toString [ 1 (-1) 1.5 true false null "a" [ 1 [ 2 3 ] "b" ] [ ] 0.1 1234567.0 ]
---
toString [ 1 [ ] 2 [ [ ] ] 3 ]
---
toString { __toString = self: "x"; }
---
toString { outPath = "y"; }
---
builtins.tryEval (throw "a")
---
builtins.tryEval (assert false; 1)
---
builtins.tryEval 5
---
(builtins.tryEval { a = throw "lazy"; }).success
---
(builtins.tryEval (builtins.deepSeq { a = throw "deep"; } 1)).success
---
builtins.seq 1 2
---
builtins.deepSeq [ 1 { a = 2; } ] 3
---
let x = { a = x; }; in builtins.deepSeq x "finite"
---
builtins.functionArgs ({ a, b ? 1, ... }: a)
---
builtins.functionArgs (x: x)
---
builtins.map (x: x * x) [ 1 2 3 ]
---
builtins.filter (x: x > 1) [ 1 2 3 ]
---
[ (builtins.head [ 1 2 ]) (builtins.tail [ 1 2 3 ]) (builtins.length [ 1 2 ]) (builtins.elemAt [ 1 2 3 ] 1) ]
---
[ (builtins.elem 2 [ 1 2 ]) (builtins.elem "x" [ ]) (builtins.elem [ 1 ] [ [ 1 ] ]) ]
---
[ (builtins.all (x: x > 0) [ 1 2 ]) (builtins.all (x: false) [ ]) (builtins.any (x: x > 1) [ 1 2 ]) (builtins.any (x: true) [ ]) ]
---
builtins.any (x: x == 1) [ 1 (throw "not reached") ]
---
builtins.concatLists [ [ 1 ] [ ] [ 2 3 ] ]
---
builtins.concatMap (x: [ x (x * 10) ]) [ 1 2 ]
---
builtins.genList (i: i * i) 5
---
builtins.genList (i: i) 0
---
builtins.foldl' (a: b: a - b) 10 [ 1 2 3 ]
---
builtins.foldl' (a: b: a + b) "" [ "x" "y" ]
---
builtins.foldl' (a: b: b) (throw "unused") [ 1 ]
---
builtins.sort (a: b: a < b) [ 3 1 2 ]
---
builtins.sort builtins.lessThan [ "b" "c" "a" ]
---
builtins.sort (a: b: a.k < b.k) [ { k = 2; v = 1; } { k = 1; v = 2; } { k = 2; v = 3; } { k = 1; v = 4; } { k = 0; v = 5; } ]
---
builtins.partition (x: x > 2) [ 1 2 3 4 ]
---
builtins.groupBy (x: if x > 2 then "big" else "small") [ 1 2 3 4 ]
---
builtins.listToAttrs [ { name = "a"; value = 1; } { name = "b"; value = 2; } { name = "a"; value = 3; } ]
---
builtins.genericClosure { startSet = [ { key = 1; } ]; operator = item: if item.key < 5 then [ { key = item.key + 1; } { key = item.key * 2; } ] else [ ]; }
---
builtins.genericClosure { startSet = [ { key = "a"; n = 0; } { key = "a"; n = 1; } ]; operator = item: [ ]; }
---
builtins.attrNames { z = 1; a = 2; M = 3; "é" = 4; }
---
builtins.attrValues { z = 1; a = 2; M = 3; }
---
[ (builtins.hasAttr "a" { a = 1; }) (builtins.getAttr "a" { a = 1; }) ]
---
builtins.removeAttrs { a = 1; b = 2; c = 3; } [ "a" "x" "c" ]
---
builtins.intersectAttrs { a = 1; b = 2; } { b = 3; c = 4; }
---
builtins.catAttrs "a" [ { a = 1; } { b = 2; } { a = 3; } ]
---
builtins.mapAttrs (n: v: n + toString v) { a = 1; b = 2; }
---
builtins.zipAttrsWith (n: vs: { inherit n vs; }) [ { a = 1; b = 2; } { a = 3; } ]
---
builtins.stringLength "abc€"
---
[ (builtins.substring 1 2 "abcd") (builtins.substring 2 100 "abcd") (builtins.substring 9 1 "abcd") (builtins.substring 1 (-1) "abcd") (builtins.substring 0 0 "abcd") ]
---
builtins.concatStringsSep ", " [ "a" "b" "c" ]
---
builtins.concatStringsSep "," [ ]
---
builtins.replaceStrings [ "oo" "a" ] [ "a" "i" ] "foobar"
---
builtins.replaceStrings [ "" ] [ "-" ] "abc"
---
builtins.replaceStrings [ "a" "" ] [ "b" "." ] "banana"
---
builtins.replaceStrings [ "a" "ab" ] [ "1" "2" ] "abab"
---
[ (builtins.hashString "md5" "abc") (builtins.hashString "sha1" "abc") (builtins.hashString "sha256" "abc") (builtins.hashString "sha512" "") ]
---
map baseNameOf [ "/a/b/c" "a" "/a/b/" "" "/" "a/" ]
---
map dirOf [ "/a/b/c" "a" "/a" "a/b" "a/b/" ]
---
[ (builtins.match "ab" "abc") (builtins.match "abc" "abc") (builtins.match "a(b)(c)" "abc") (builtins.match "a(x)?(.*)" "abc") ]
---
builtins.match "[[:space:]]+([[:upper:]]+)[[:space:]]+" "  FOO   "
---
builtins.match "(.*)\\.nix" "foobar.nix"
---
builtins.match "([0-9]+)\\.([0-9]+)(\\.([0-9]+))?" "1.2"
---
builtins.match ".*" "a\nb"
---
builtins.match "a|bc" "bc"
---
builtins.match "[^a-c]+" "xyz"
---
builtins.match "[]a]+" "]a"
---
builtins.match "a{2,3}" "aaa"
---
builtins.match "(a*)b" "aaaaaaaaaaaaab"
---
builtins.split "(a)b" "abc"
---
builtins.split "([ac])" "abc"
---
builtins.split "(a)|(c)" "abc"
---
builtins.split "([[:upper:]]+)" " FOO "
---
builtins.split "," "a,b,,c"
---
builtins.split "x" ""
---
builtins.split "-" "a-b-c-"
---
map (v: builtins.compareVersions (builtins.elemAt v 0) (builtins.elemAt v 1)) [ [ "1.0" "2.3" ] [ "2.1" "2.3" ] [ "2.3" "2.3" ] [ "2.5" "2.3" ] [ "3.1" "2.3" ] [ "2.3.1" "2.3" ] [ "2.3.1" "2.3a" ] [ "2.3pre1" "2.3" ] [ "2.3pre3" "2.3pre12" ] [ "2.3a" "2.3c" ] [ "2.3pre1" "2.3c" ] [ "2.3pre1" "2.3q" ] [ "" "" ] [ "1" "" ] ]
---
builtins.splitVersion "1.2.3pre4-rc1a"
---
map builtins.parseDrvName [ "nix-0.12pre12876" "a-b-c" "hello" "x-1" "a--1" "name-" ]
---
builtins.toJSON { a = 1; b = [ true null "x\"y\n" 1.5 ]; c.d = "é"; }
---
builtins.toJSON { outPath = "x"; other = 1; }
---
builtins.toJSON { __toString = self: "s"; }
---
builtins.fromJSON ''{"a": [1, 2.5, true, null, "x\u00e9\n"], "b": {}}''
---
builtins.fromJSON "\"text\""
---
builtins.fromJSON "-12"
---
builtins.fromTOML ''
  x = 1
  s = "a"
  b = true
  f = 1.5
  [t]
  l = [1, 2]
  [[arr]]
  n = 1
  [[arr]]
  n = 2
''
---
builtins.toXML { a = 1; b = [ "x<y>&\"" true null 1.5 ]; f = x: x; g = { p, q ? 1, ... }@r: p; c = { }; }
---
builtins.unsafeDiscardStringContext "a"
---
[ (builtins.hasContext "a") (builtins.getContext "a") ]
---
builtins.langVersion
---
builtins ? nixVersion
---
builtins.builtins.true
---
[ (builtins ? map) (builtins ? nothing) ]
---
__add 1 2
---
(__head [ 7 ]) + __length [ 1 2 ]
---
let inherit (builtins) map head; in head (map (x: x + 1) [ 1 ])
---
builtins.trace "said" 1
---
builtins.addErrorContext "context" 2
---
builtins.concatStringsSep "" (map (i: builtins.substring i 1 "hello") (builtins.genList (i: 4 - i) 5))
---
builtins.length (builtins.genList (x: x) 10000)
---
builtins.foldl' (a: b: a + b) 0 (builtins.genList (x: x) 10000)
---
let fib = n: if n < 2 then n else fib (n - 1) + fib (n - 2); in fib 15
---
let primes = n: builtins.filter (p: builtins.all (d: p - (p / d) * d != 0) (builtins.genList (i: i + 2) (p - 2))) (builtins.genList (i: i + 2) (n - 2)); in primes 50
---
let go = n: if n == 0 then 0 else 1 + go (n - 1); in go 1000
---
builtins.attrNames (builtins.listToAttrs (map (n: { name = "k${toString n}"; value = n; }) [ 3 1 2 ]))
---
builtins.mapAttrs (n: v: v) { a = 1; } == { a = 1; }
---
(builtins.mapAttrs (n: throw n) { a = 1; }) ? a
---
builtins.sort (a: b: a > b) [ 1.5 1 2 ]
---
[ (builtins.elemAt [ (throw "no") 1 ] 1) ]
---
builtins.isString "${"a"}"
---
map (x: x.success) [ (builtins.tryEval (throw "x")) (builtins.tryEval 1) ]
---
# Of alternatives the one that leads furthest; of repetitions the first that leads anywhere.
[
  (builtins.split "a|ab" "ab")
  (builtins.split "(a?)(ab)?" "ab")
  (builtins.match "(a|ab)(c|bcd)(d*)" "abcd")
  (builtins.match "(a*)*" "")
  (builtins.match "(a|b)*(x)?" "ab")
  (builtins.split "x*" "axb")
  (builtins.split "^a" "aaa")
  (builtins.split "(a{0,2}|b){2,}" "aaabab")
  (builtins.split "()" "ab")
]
---
# Bytes, not characters.
[ (builtins.match "." "é") (builtins.match "(..)(.*)" "éa") (builtins.split "[^a]" "a-a") ]
---
[ (builtins.match "[[:ALPHA:]]" "x") (builtins.match "[[=a=]]" "A") (builtins.match "[--0]" ".") (builtins.match "[]-]*" "]-") ]
---
builtins.partition (x: x > 1) [ 1 2 3 ]
---
(let
  x = __curPos;
    y = [ __curPos ];
in [ x.column ((builtins.head y).column) ((builtins.head y).line - x.line) ])
---
let
  set = { inherit (rest) a; b.c = 1; "d" = 2; } // { e = 1; }; rest.a = 1;
  column = name: set: (builtins.unsafeGetAttrPos name set).column;
in [ (map (name: column name set) [ "b" "d" "e" ]) (column "x" (builtins.functionArgs ({ x ? 1 }: x))) (builtins.unsafeGetAttrPos "no" set) ]
---
builtins.elemAt [ 1 2 3 ] 1
