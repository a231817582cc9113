#!/usr/bin/env perl
# SPDX-License-Identifier: MIT
# hostile.pl HOST:PORT CONNECTIONS: clients as they should not be, until a signal. A third of the connections send a header a byte
# a time and never end it, a third send headers without an end as fast as they are taken, a third ask for the slowest answers and
# do not read them. One that is cut off comes again. Prints "hostile" when all were begun.
use strict;
use warnings;
use IO::Socket::INET;
use Time::HiRes qw(sleep);

$SIG{PIPE} = 'IGNORE';
$| = 1;
my ($address, $n) = @ARGV;
die "usage: hostile.pl HOST:PORT CONNECTIONS\n" unless $n;
my @sockets;

sub begin {
	my $i = shift;
	$sockets[$i] = IO::Socket::INET->new(PeerAddr => $address, Blocking => 1, Timeout => 1) or return;
	$sockets[$i]->blocking(0);
	my $path = $i % 3 == 2 ? '/api/candles?symbol=KRW-BTC&interval=1s&points=2000&to=' . (1700000000000 + int rand 1e9) : '/';
	syswrite $sockets[$i], "GET $path HTTP/1.1\r\nHost: x\r\n" . ($i % 3 == 2 ? "\r\n" : 'X-A: ');
}

begin($_) for 0 .. $n - 1;
print "hostile\n";
my $turn = 0;
while (1) {
	for my $i (0 .. $n - 1) {
		my $bytes = $i % 3 == 0 ? 'a' : $i % 3 == 1 ? 'b' x 65536 : '';
		next if $i % 3 == 0 && $turn % 10;
		my $sent = $sockets[$i] && $sockets[$i]->connected && ($bytes eq '' || defined syswrite($sockets[$i], $bytes) || $!{EAGAIN});
		begin($i) unless $sent;
	}
	$turn++;
	sleep 0.1;
}
