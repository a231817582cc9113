#!/usr/bin/env perl
# SPDX-License-Identifier: MIT
# browser.pl CHROMIUM PROFILE_FOLDER: a headless Chromium that does what it is told on standard input, a command a line, over the
# pipes of its debugging protocol (https://chromedevtools.github.io/devtools-protocol).
#
#	size WIDTH HEIGHT [mobile]   of the window
#	open URL
#	await SECONDS EXPRESSION     until the JavaScript is true; prints "awaited" or "not within ..."
#	click SELECTOR [X Y]         with the mouse, at a share of its size (0.5 0.5)
#	eval EXPRESSION              prints its value, one line of JSON
#	shot FILE                    a PNG of what the window shows
#	requests                     prints each URL that was asked for, a line each
#	problems                     prints what the console has to complain of, violations of the page's policy among it
use strict;
use warnings;
use JSON::PP;
use MIME::Base64;
use POSIX qw(dup2 _exit);
use Time::HiRes qw(time sleep);

$| = 1;
my ($chromium, $profile) = @ARGV;
die "usage: browser.pl CHROMIUM PROFILE_FOLDER\n" unless defined $profile;
my $json = JSON::PP->new->utf8->allow_nonref->canonical;

pipe(my $to_read, my $to) or die "browser.pl: pipe: $!\n";
pipe(my $from, my $from_write) or die "browser.pl: pipe: $!\n";
my $pid = fork // die "browser.pl: fork: $!\n";
if (!$pid) {
	# It reads from descriptor 3 and writes to 4.
	my ($in, $out) = (POSIX::dup(fileno $to_read), POSIX::dup(fileno $from_write));
	$in = POSIX::dup($in) while $in < 5;
	$out = POSIX::dup($out) while $out < 5;
	dup2($in, 3);
	dup2($out, 4);
	open STDIN, '<', '/dev/null';
	open STDOUT, '>', '/dev/null';
	open STDERR, '>', "$profile.log"; # it has much to say
	$^F = 4;
	exec { $chromium } $chromium, '--headless=new', '--remote-debugging-pipe', "--user-data-dir=$profile", '--no-sandbox', '--disable-gpu',
		'--disable-dev-shm-usage', '--no-first-run', '--disable-background-networking', '--disable-component-update',
		'--disable-sync', '--disable-default-apps', '--disable-extensions', '--hide-scrollbars', 'about:blank' or _exit(127);
}
close $to_read;
close $from_write;
END { if ($pid) { local $?; kill 'TERM', $pid; waitpid $pid, 0 } }

my ($next, $session, $buffer) = (0, undef, '');
my (@requests, @problems);

sub event {
	my $m = shift;
	my ($name, $p) = ($m->{method}, $m->{params});
	push @requests, $p->{request}{url} if $name eq 'Network.requestWillBeSent';
	push @requests, $p->{url} if $name eq 'Network.webSocketCreated';
	push @problems, $p->{entry}{text} if $name eq 'Log.entryAdded' && $p->{entry}{level} =~ /error|warning/;
	push @problems, $p->{exceptionDetails}{exception}{description} // $p->{exceptionDetails}{text} if $name eq 'Runtime.exceptionThrown';
	push @problems, join ' ', map { $_->{value} // $_->{description} // '' } @{ $p->{args} }
		if $name eq 'Runtime.consoleAPICalled' && $p->{type} =~ /error|warning|assert/;
}

# The next message, if there is one within the seconds.
sub message {
	my $until = time + shift;
	my $end;
	while (($end = index $buffer, "\0") < 0) {
		my $left = $until - time;
		return if $left <= 0;
		my $ready = '';
		vec($ready, fileno $from, 1) = 1;
		next unless select $ready, undef, undef, $left;
		sysread($from, $buffer, 1 << 16, length $buffer) or die "browser.pl: the browser has ended\n";
	}
	my $text = substr $buffer, 0, $end;
	substr($buffer, 0, $end + 1) = '';
	return $json->decode($text);
}

sub call {
	my ($method, $params) = @_;
	my $id = ++$next;
	my $text = $json->encode({ id => $id, method => $method, params => $params // {}, defined $session ? (sessionId => $session) : () });
	syswrite $to, "$text\0";
	while (my $m = message(60)) {
		event($m) if $m->{method};
		next unless ($m->{id} // 0) == $id;
		die "browser.pl: $method: $m->{error}{message}\n" if $m->{error};
		return $m->{result};
	}
	die "browser.pl: $method: no answer\n";
}

sub value {
	my $result = call('Runtime.evaluate', { expression => shift, returnByValue => JSON::PP::true, awaitPromise => JSON::PP::true });
	die "browser.pl: " . ($result->{exceptionDetails}{exception}{description} // 'an exception') . "\n" if $result->{exceptionDetails};
	return $result->{result}{value};
}

sub await {
	my ($seconds, $expression) = @_;
	my $until = time + $seconds;
	until (value("Boolean($expression)")) {
		return "not within $seconds s: $expression" if time > $until;
		if (my $m = message(0.1)) { event($m) if $m->{method} }
	}
	return 'awaited';
}

sub click {
	my ($selector, $fx, $fy) = @_;
	my $quoted = $json->encode($selector);
	my $box = value("(() => { const e = document.querySelector($quoted); if (!e) return null; e.scrollIntoView({block: 'center'});"
		. " const b = e.getBoundingClientRect(); return [b.x, b.y, b.width, b.height]; })()");
	return "there is no $selector" unless $box;
	my %at = (x => $box->[0] + $box->[2] * ($fx // 0.5), y => $box->[1] + $box->[3] * ($fy // 0.5));
	call('Input.dispatchMouseEvent', { type => $_, %at, button => 'left', clickCount => 1 }) for 'mouseMoved', 'mousePressed', 'mouseReleased';
	return 'clicked';
}

my $target = call('Target.createTarget', { url => 'about:blank' })->{targetId};
$session = call('Target.attachToTarget', { targetId => $target, flatten => JSON::PP::true })->{sessionId};
call("$_.enable") for qw(Page Runtime Network Log);

while (my $line = <STDIN>) {
	chomp $line;
	my ($command, $rest) = $line =~ /^(\S+)\s*(.*)$/ or next;
	if ($command eq 'size') {
		my ($w, $h, $mobile) = split ' ', $rest;
		call('Emulation.setDeviceMetricsOverride', { width => $w + 0, height => $h + 0, deviceScaleFactor => $mobile ? 2 : 1,
			mobile => $mobile ? JSON::PP::true : JSON::PP::false });
	} elsif ($command eq 'open') {
		call('Page.navigate', { url => $rest });
	} elsif ($command eq 'await') {
		print await(split ' ', $rest, 2), "\n";
	} elsif ($command eq 'click') {
		my ($selector, $x, $y) = $rest =~ /^(.*?)(?: ([0-9.]+) ([0-9.]+))?$/;
		print click($selector, $x, $y), "\n";
	} elsif ($command eq 'eval') {
		print $json->encode(value($rest)), "\n";
	} elsif ($command eq 'shot') {
		open my $out, '>:raw', $rest or die "browser.pl: $rest: $!\n";
		print $out decode_base64(call('Page.captureScreenshot', { format => 'png' })->{data});
		close $out;
	} elsif ($command eq 'requests' || $command eq 'problems') {
		value('0'); # so that what was said before has arrived
		print "$_\n" for $command eq 'requests' ? @requests : @problems;
	} else {
		die "browser.pl: there is no command '$command'\n";
	}
}
