# Arithmetic of addresses and prefixes; written in Rust, in the files beside this one. An `Address` may have the length of its
# prefix behind it, as in `10.0.0.5/24`.

# The address without the length of its prefix.
# :: Address -> String
# net.address "10.0.0.5/24" => "10.0.0.5"
address = native;

# The addresses of all interfaces on a network, by host: given ones, those by number, and the rest handed out by a hash of the names.
# :: { network, subnet, hosts, map } -> {{[String]}}
# net.assign { network = "corp"; subnet = [ "10.0.0.0/24" ]; map = { a = 7; }; hosts.a.interfaces.eth0 = { network = "corp"; address = [ ]; }; } => { a = { eth0 = [ "10.0.0.7/24" ]; }; }
assign = native;

# The last address of an IPv4 prefix.
# :: Address -> String
# net.broadcast "10.0.0.5/24" => "10.0.0.255"
broadcast = native;

# Whether the second prefix or address lies within the first prefix.
# :: Address -> Address -> Bool
# net.contains "10.0.0.0/8" "10.0.3.0/24" => true
contains = native;

# An address with a port, as programs write it: one of IPv6 in brackets.
# :: Address -> Int -> String
# net.endpoint "fd00::5" 88 => "[fd00::5]:88"
endpoint = native;

# 4 or 6.
# :: Address -> Int
# net.family "fd00::1" => 6
family = native;

# The address of a number in a prefix; negative numbers count from its end.
# :: Address -> Int -> String
# net.host "10.0.0.0/24" 5 => "10.0.0.5"
host = native;

# The number of an address in its prefix.
# :: Address -> Int
# net.hostNumber "10.0.0.5/24" => 5
hostNumber = native;

# The address of a number in a prefix, with the prefix's length.
# :: Address -> Int -> String
# net.hostPrefix "10.0.0.0/24" 5 => "10.0.0.5/24"
hostPrefix = native;

# Whether it is a text with an IPv4 address or prefix.
# :: String -> Bool
# net.isIpv4 "10.0.0.0/24" => true
isIpv4 = native;

# Whether it is a text with an IPv6 address or prefix.
# :: String -> Bool
# net.isIpv6 "10.0.0.0/24" => false
isIpv6 = native;

# Whether it is a text with a prefix of either family.
# :: String -> Bool
# net.isPrefix "10.0.0.0" => false
isPrefix = native;

# A MAC address of one's own making, always the same for the same number or text.
# :: Int | String -> String
# net.mac 1 => "02:00:00:00:00:01"
mac = native;

# The mask of a prefix.
# :: Address -> String
# net.mask "10.0.0.0/20" => "255.255.240.0"
mask = native;

# The prefix that an address lies in.
# :: Address -> String
# net.network "10.0.0.5/24" => "10.0.0.0/24"
network = native;

# Whether two prefixes have addresses in common.
# :: Address -> Address -> Bool
# net.overlaps "10.0.0.0/24" "10.0.0.128/25" => true
overlaps = native;

# The length of a prefix.
# :: Address -> Int
# net.prefixLength "10.0.0.0/24" => 24
prefixLength = native;

# The name of an address in the reverse zones of the DNS.
# :: Address -> String
# net.reverseName "10.53.57.21" => "21.57.53.10.in-addr.arpa"
reverseName = native;

# The reverse zone of a prefix.
# :: Address -> String
# net.reverseZone "10.53.57.0/24" => "57.53.10.in-addr.arpa"
reverseZone = native;

# How many addresses a prefix has.
# :: Address -> Int
# net.size "10.0.0.0/24" => 256
size = native;

# The subnet with so many more bits, by its number.
# :: Address -> Int -> Int -> String
# net.subnet "10.0.0.0/16" 8 3 => "10.0.3.0/24"
subnet = native;
