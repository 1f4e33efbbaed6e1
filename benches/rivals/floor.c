// The floor: N network namespaces on a bridge, each by a veth pair with an address, all up, by bare netlink; nothing is
// kept and nothing checked. Usage: floor N [early]
//
// The bridge goes up last; with `early` it goes up first, as scripts do, and the IPv6 multicast of every new host floods
// all ports. A Linux bridge takes 1,023 ports: there is one for each 1,000 hosts.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { PER_BRIDGE = 1000, BRIDGES_AT = 1000000, PORTS_AT = 1000, HOST_END = 2, LOOPBACK = 1 };

static char buffer[1 << 16];
static size_t length;
static int unanswered;

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

// Begins a message at the end of the buffer.
static struct nlmsghdr *message(int type, int flags, const void *body, size_t size) {
    struct nlmsghdr *header = (void *)(buffer + length);
    *header = (struct nlmsghdr){
        .nlmsg_len = NLMSG_LENGTH(size), .nlmsg_type = type, .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags};
    memcpy(NLMSG_DATA(header), body, size);
    unanswered++;
    return header;
}

static struct rtattr *attribute(struct nlmsghdr *header, int type, const void *data, size_t size) {
    struct rtattr *begun = (void *)((char *)header + NLMSG_ALIGN(header->nlmsg_len));
    *begun = (struct rtattr){.rta_type = type, .rta_len = RTA_LENGTH(size)};
    if (size) memcpy(RTA_DATA(begun), data, size);
    header->nlmsg_len = NLMSG_ALIGN(header->nlmsg_len) + RTA_ALIGN(begun->rta_len);
    return begun;
}

static void end_nested(struct nlmsghdr *header, struct rtattr *begun) {
    begun->rta_len = (char *)header + NLMSG_ALIGN(header->nlmsg_len) - (char *)begun;
}

static void end(struct nlmsghdr *header) { length += NLMSG_ALIGN(header->nlmsg_len); }

// Sends what is in the buffer, and waits until the kernel has said yes to all of it.
static void talk(int socket) {
    char answers[8192];
    if (send(socket, buffer, length, 0) < 0) fail("send");
    length = 0;
    while (unanswered > 0) {
        int left = recv(socket, answers, sizeof answers, 0);
        for (struct nlmsghdr *answer = (void *)answers; NLMSG_OK(answer, left); answer = NLMSG_NEXT(answer, left)) {
            int error = answer->nlmsg_type == NLMSG_ERROR ? ((struct nlmsgerr *)NLMSG_DATA(answer))->error : 0;
            if (error) {
                fprintf(stderr, "netlink: %s\n", strerror(-error));
                exit(1);
            }
            unanswered--;
        }
    }
}

static void link_up(int index) {
    struct ifinfomsg body = {.ifi_index = index, .ifi_change = IFF_UP, .ifi_flags = IFF_UP};
    end(message(RTM_NEWLINK, 0, &body, sizeof body));
}

static void add_bridge(int number, int up) {
    char name[16];
    struct ifinfomsg body = {
        .ifi_index = BRIDGES_AT + number, .ifi_change = up ? IFF_UP : 0, .ifi_flags = up ? IFF_UP : 0};
    struct nlmsghdr *header = message(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &body, sizeof body);
    attribute(header, IFLA_IFNAME, name, snprintf(name, sizeof name, "br%d", number) + 1);
    struct rtattr *information = attribute(header, IFLA_LINKINFO, 0, 0);
    attribute(header, IFLA_INFO_KIND, "bridge", 6);
    end_nested(header, information);
    end(header);
}

// One message makes both ends: the port of the bridge, and the host's in its namespace.
static void add_pair(int host, int netns) {
    char name[16];
    unsigned bridge = BRIDGES_AT + (host - 1) / PER_BRIDGE;
    struct ifinfomsg body = {.ifi_index = PORTS_AT + host, .ifi_change = IFF_UP, .ifi_flags = IFF_UP};
    struct nlmsghdr *header = message(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &body, sizeof body);
    attribute(header, IFLA_IFNAME, name, snprintf(name, sizeof name, "p%d", host) + 1);
    attribute(header, IFLA_MASTER, &bridge, sizeof bridge);
    struct rtattr *information = attribute(header, IFLA_LINKINFO, 0, 0);
    attribute(header, IFLA_INFO_KIND, "veth", 4);
    struct rtattr *data = attribute(header, IFLA_INFO_DATA, 0, 0);
    struct ifinfomsg other = {.ifi_index = HOST_END};
    struct rtattr *peer = attribute(header, VETH_INFO_PEER, &other, sizeof other);
    attribute(header, IFLA_IFNAME, "eth0", 5);
    attribute(header, IFLA_NET_NS_FD, &netns, sizeof netns);
    end_nested(header, peer);
    end_nested(header, data);
    end_nested(header, information);
    end(header);
}

static void add_address(int host) {
    unsigned address = htonl((10u << 24) + host);
    struct ifaddrmsg body = {.ifa_family = AF_INET, .ifa_prefixlen = 8, .ifa_index = HOST_END};
    struct nlmsghdr *header = message(RTM_NEWADDR, NLM_F_CREATE, &body, sizeof body);
    attribute(header, IFA_LOCAL, &address, sizeof address);
    attribute(header, IFA_ADDRESS, &address, sizeof address);
    end(header);
}

int main(int count, char **words) {
    int hosts = count > 1 ? atoi(words[1]) : 0, early = count > 2;
    if (hosts < 1) return fprintf(stderr, "usage: floor N [early]\n"), 2;
    int bridges = (hosts + PER_BRIDGE - 1) / PER_BRIDGE;
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    // The first namespace has the bridges.
    int *netns = calloc(hosts + 1, sizeof *netns), *sockets = calloc(hosts + 1, sizeof *sockets);

    double begun = now();
    for (int host = 0; host <= hosts; host++) {
        if (unshare(CLONE_NEWNET)) fail("unshare");
        if ((netns[host] = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)) < 0) fail("open");
        if ((sockets[host] = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE)) < 0) fail("socket");
    }
    double namespaces = now();
    for (int bridge = 0; bridge < bridges; bridge++) add_bridge(bridge, early), talk(sockets[0]);
    for (int host = 1; host <= hosts; host++) add_pair(host, netns[host]), talk(sockets[0]);
    double pairs = now();
    for (int host = 1; host <= hosts; host++) {
        add_address(host);
        link_up(HOST_END);
        link_up(LOOPBACK);
        talk(sockets[host]);
    }
    for (int bridge = 0; bridge < bridges; bridge++) link_up(BRIDGES_AT + bridge), talk(sockets[0]);
    double ended = now();

    printf("namespaces %.3f ms, pairs %.3f ms, addresses %.3f ms a host\n", (namespaces - begun) * 1e3 / hosts,
           (pairs - namespaces) * 1e3 / hosts, (ended - pairs) * 1e3 / hosts);
    printf("TOTAL %.4f s\n", ended - begun);
    return 0;
}
