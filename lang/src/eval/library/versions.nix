# `lib.versions`: the parts of versions.

inherit (builtins) splitVersion compareVersions;

# The first part.
# :: String -> String
# lib.versions.major "1.20.1" => "1"
major = version: builtins.elemAt (builtins.splitVersion version) 0;

# The second part.
# :: String -> String
# lib.versions.minor "1.20.1" => "20"
minor = version: builtins.elemAt (builtins.splitVersion version) 1;

# The third part.
# :: String -> String
# lib.versions.patch "1.20.1" => "1"
patch = version: builtins.elemAt (builtins.splitVersion version) 2;

# The first two parts.
# :: String -> String
# lib.versions.majorMinor "1.20.1" => "1.20"
majorMinor = version: builtins.concatStringsSep "." (lib.take 2 (builtins.splitVersion version));

# So many parts, with zeros for those that are missing; what is behind a dash stays.
# :: Int -> String -> String
# lib.versions.pad 3 "1.20-rc1" => "1.20.0-rc1"
pad = n: version:
  let
    number = builtins.head (lib.splitString "-" version);
    parts = lib.take n (builtins.splitVersion number ++ lib.replicate n "0");
  in
  builtins.concatStringsSep "." parts + lib.removePrefix number version;
