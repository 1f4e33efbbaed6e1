# Every one is an error here (see `errors.out`) and in Nix.
---
1 +
---
{ a = 1 }
---
[ 1, 2 ]
---
let a = 1;
---
"open
---
''open
---
{ a = 1; a = 2; }
---
{ a.b = 1; a = 2; }
---
let a = 1; a = 2; in a
---
{ inherit a; a = 1; }
---
{ a, a }: a
---
a@{ a }: a
---
1 == 1 == 1
---
1 < 2 < 3
---
( 1
---
{ ${"a"} = 1; a = 2; }
---
undefined
---
if false then undefined else 1
---
let x = y; in 1
---
with { }; undefined
---
{ a = 1; }.b
---
{ abc = 1; }.abd
---
1.a.b
---
1 2
---
"a" 1
---
{ } { }
---
if 1 then 2 else 3
---
!1
---
1 && true
---
1 + "a"
---
"a" + 1
---
"a" + null
---
"${[ 1 ]}"
---
"${{ a = 1; }}"
---
"${null}"
---
"${x: x}"
---
1 / 0
---
1.0 / 0
---
[ ] ++ 1
---
{ } // 1
---
1 < "a"
---
{ } < { }
---
null < null
---
throw "reason"
---
abort "reason"
---
assert false; 1
---
builtins.tryEval (abort "not caught")
---
builtins.tryEval (1 + "a")
---
let x = x; in x
---
let a = b; b = a; in a
---
rec { a = b; b = a; }.a
---
let x = { a = x.a; }; in x.a
---
({ a }: a) { }
---
({ a }: a) { a = 1; b = 2; }
---
({ a }: a) 1
---
builtins.head [ ]
---
builtins.tail [ ]
---
builtins.elemAt [ 1 ] 1
---
builtins.elemAt [ 1 ] (-1)
---
builtins.length 1
---
builtins.attrNames [ ]
---
builtins.map 1 2
---
builtins.map (x: x) 1
---
builtins.filter (x: 1) [ 1 ]
---
builtins.getAttr "a" { }
---
builtins.substring (-1) 1 "a"
---
builtins.genList (x: x) (-1)
---
builtins.fromJSON "{"
---
builtins.match "(" "a"
---
builtins.hashString "nope" "a"
---
builtins.listToAttrs [ { name = "a"; } ]
---
builtins.concatLists [ 1 ]
---
builtins.replaceStrings [ "a" ] [ ] "a"
---
builtins.foldl' (a: b: a + b) 0 [ 1 "a" ]
---
builtins.sort (a: b: 1) [ 1 2 ]
---
builtins.genericClosure { }
---
builtins.nothing
---
builtins.toJSON (x: x)
---
toString (x: x)
---
toString { }
---
{ ${1} = 2; }
---
{ a = 1; }.${1}
---
let n = "a"; in { ${n} = 1; a = 2; }
---
9223372036854775808
---
1 ++ 2
---
- "a"
---
-{ }
---
x: x: 
---
{ a = x: }
---
inherit a
---
then 1
---
a.
---
rec 1
---
let in
---
{ a }: 
---
@
---
builtins.concatStringsSep 1 [ ]
---
builtins.concatStringsSep "" [ 1 ]
---
builtins.seq (throw "x") 1
---
builtins.deepSeq { a = throw "deep"; } 1
---
/* never closed
---
[ 1 -1 ]
---
let a = 1; in a.b.c
---
let s = { a.b = 1; }; in s.a.c
---
let f = n: builtins.head n; in f 1
---
builtins.concatStringsSep "," 1
---
lib.attrVals [ "b" ] { a = 1; }
---
lib.updateManyAttrsByPath [ { path = [ "b" ]; update = old: old + 1; } ] { a.b = 1; }
---
builtins.match "\\d+" "12"
---
builtins.match "[a-c-e]" "a"
---
builtins.match "[z-a]" "a"
---
builtins.match "^*" "a"
---
builtins.match "a{2,1}" "a"
---
builtins.foldl' 1 2 [ ]
---
builtins.all 1 [ ]
---
builtins.any 1 [ ]
---
builtins.filter 1 [ ]
---
(builtins.partition (x: true) [ (throw "forced") ]).wrong
---
{ a = 1; }.path
---
{
  a = 1
  b = 2;
}
---
let a = f 1 b.c = 2; in a
---
"host" + 1
---
let port = 88; in "port " + port
---
let port = 88; in port + " is open"
---
10 / (1 - 1)
---
builtins.div 1 0
---
"a" - 1
---
let f = 1; in f 2
---
let f = x: y: x; in f 1 2 3
---
builtins.stringLength "a" "b"
---
builtins.head (map (f: f 1) [ 2 ])
---
builtins.concatStringsSep "," [ toString 1 ]
---
1400 + "100"
---
builtins.sort builtins.lessThan [ (throw "also the only one") ]
---
__toString 1
---
__map (x: x) [ ]
