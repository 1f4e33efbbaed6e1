# What Nix 2.8 does not have, or this language means otherwise.
---
"${1} ${1.5} ${true} ${-2} ${2.0}"
---
[ 1 2 3 ] |> map (x: x + 1) |> builtins.length
---
builtins.length <| [ 1 2 ]
---
9223372036854775807 + 1
---
(-9223372036854775807 - 1) / -1
---
9223372036854775807 * 2
---
-(-9223372036854775807 - 1)
---
<nixpkgs>
---
./file
---
a/b
---
http://example.org
---
x:x
---
builtins.currentTime
---
builtins.getEnv "HOME"
---
derivation { }
---
import "x"
---
fetchurl "x"
---
builtins.readFile "x"
---
builtins.warn "said" 1
---
builtins.fromTOML "d = 2020-01-01"
---
builtins.match "(a)\\1" "aa"
---
let f = x: f (x + 1); in f 0
---
builtins.genList (x: x) 1000000000
---
builtins.foldl' (s: x: s + s) "x" (builtins.genList (x: x) 100)
---
builtins.foldl' (s: x: s ++ s) [ 1 ] (builtins.genList (x: x) 100)
---
let x = [ x ]; in x == x
---
builtins.toJSON (let x = { a = x; }; in x)
---
"${lib.nothing}"
---
leb.range 1 2
---
lib.rnage 1 2
---
lib.range 1 "a"
---
lib.concatMapStringsSep "," (x: x) [ 1 ]
---
lib.mod 7 0
---
lib.min 1 "a"
---
builtins.replaceStrings [ "x" ] [ (throw "unused") ] "abc"
---
let convert = hash: toHashFormat: builtins.convertHash { inherit hash toHashFormat; hashAlgo = "md5"; };
    all = hash: map (convert hash) [ "base16" "nix32" "base64" "sri" ];
    forms = all "900150983cd24fb0d6963f7d28e17f72";
in [ forms (builtins.all (form: all form == forms) forms) (convert "md5:${builtins.head forms}" "base16" == builtins.head forms) ]
---
builtins.convertHash { hash = "abc"; toHashFormat = "sri"; hashAlgo = "sha256"; }
---
builtins.convertHash { hash = "900150983cd24fb0d6963f7d28e17f72"; toHashFormat = "sri"; }
---
builtins.fromJSON "18446744073709551615"
---
builtins.traceVerbose "said" 1
---
builtins.addDrvOutputDependencies "x"
---
builtins.parseFlakeRef "x"
---
__curPos.file
---
map (x: [ (builtins.toJSON x) (builtins.fromJSON (builtins.toJSON x) == x) ]) [ 1.0e15 1.0e19 1.5e300 (-1.0e20) ]
---
builtins.fromJSON "\"a\\u0000b\""
---
builtins.fromJSON "{\"a\\u0000b\": 1}"
---
builtins.fromTOML "k = \"a\\u0000b\""
---
[ toString 1 ]
