#!/usr/bin/env perl
# SPDX-License-Identifier: MIT
# structure.pl OBJECTS KNOWN FOLDER...: what the files of these folders may know of each other. Prints what breaks a rule, and
# exits with 1 if anything does. OBJECTS is a build folder with the object of each .c.
#
# A node is a pair x.c and x.h; a .c without a header of its own name is a node too, as is a header without its .c. An edge is an
# #include, or a symbol that one node's object leaves undefined and another's defines: a call through a prototype written by
# hand, or through a header that several files implement, is an edge as well.
#
#	circle NODE        no way along the edges leads back to where it began (NODE: folder and name, wherever it lies in the folder)
#	layer NODE NODE    common/ knows no other folder; the others know common/ and themselves
#	shared STRUCT      a struct of a header is written (through a pointer) by its own pair and at most two others: one that
#	                   asks and one that answers. Written by more, it is state that nobody owns
#	sideways NODE NODE parts of one loop (below) do not call each other: they return what follows, and the loop acts
#	long FUNCTION      no function has more than 65 lines
#
# KNOWN has one such line for each breach that still stands. A line whose breach is gone is an error as well, so that the list
# only shrinks.
use strict;
use warnings;

my ($LONGEST, $MOST_WRITERS) = (65, 2);
my @PARTS = (
	[qw(producer/share producer/requests producer/lookups producer/listing producer/kafka/publish)],
	[qw(writer/feed/feed writer/pipeline writer/database/store)],
	[qw(indicators/feed/feed indicators/feed/commits indicators/output/output indicators/database/reader indicators/database/loader
		indicators/database/repair)],
);
my ($objects, $known_file, @folders) = @ARGV;
die "usage: structure.pl OBJECTS KNOWN FOLDER...\n" unless @folders;
my %found; # "kind what" => [line of explanation...]

sub found { my ($what, @lines) = @_; push @{ $found{$what} }, @lines }
sub node { my $path = shift; $path =~ s/\.[ch]$//; return $path }
sub folder { my $path = shift; $path =~ s{/.*}{}; return $path }

sub slurp {
	my $path = shift;
	open my $in, '<', $path or die "structure: $path: $!\n";
	local $/;
	return <$in>;
}

# Comments and texts become empty; lines stay where they are.
sub code_of {
	my $text = shift;
	$text =~ s{(/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')}
		{my $t = $1; $t =~ m{^(["'])} ? "$1$1" : $t =~ s/[^\n]//gr}gse;
	return $text;
}

my @files = sort split /\n/, `find @folders -name '*.[ch]'`;
die "structure: there are no sources in @folders\n" unless @files;
my %exists = map { $_ => 1 } @files;
my %source = map { $_ => slurp($_) } @files;

# ---------------------------------------------------------------- edges

my (%edges, %why, %calls);

sub edge {
	my ($from, $to, $reason) = @_;
	return if $from eq $to;
	$edges{$from}{$to} = 1;
	$why{"$from $to"} //= $reason;
}

sub resolved { # file, what it includes
	my ($file, $include) = @_;
	(my $beside = $file) =~ s{[^/]*$}{$include};
	1 while $beside =~ s{[^/]+/\.\./}{};
	my ($path) = grep { $exists{$_} } $beside, $include;
	return $path;
}

for my $file (@files) {
	while ($source{$file} =~ /^\s*#\s*include\s+"([^"]+)"/mg) {
		my $to = resolved($file, $1);
		edge(node($file), node($to), "#include \"$1\"") if $to;
	}
}

my @objects; # [node, object]
for my $file (grep { /\.c$/ } @files) {
	my $object = "$objects/" . node($file) . '.o';
	die "structure: $object is missing or older than $file: make FLAVOUR=release all\n"
		if !-e $object || (stat $object)[9] < (stat $file)[9];
	push @objects, [ node($file), $object ];
}
# What is generated belongs to the header that declares it.
for my $object (glob "$objects/gen/*.o") {
	my ($base) = $object =~ m{([^/]+)\.o$};
	push @objects, map { [ node($_), $object ] } grep { m{/\Q$base\E\.h$} } @files;
}

my (%defined_by, %undefined_in);
for (@objects) {
	my ($node, $object) = @$_;
	open my $nm, '-|', 'nm', '-P', $object or die "structure: nm: $!\n";
	while (<$nm>) {
		my ($symbol, $type) = split;
		if ($type =~ /^[TDBRVWC]$/) { $defined_by{$symbol}{ folder($node) } = $node }
		elsif ($type =~ /^[Uw]$/) { $undefined_in{$node}{$symbol} = 1 }
	}
	close $nm or die "structure: nm cannot read $object\n";
}
for my $node (sort keys %undefined_in) {
	for my $symbol (sort keys %{ $undefined_in{$node} }) {
		# Two programs may use the same name, each for something of its own.
		my $by = $defined_by{$symbol} or next;
		my $to = $by->{ folder($node) } // $by->{common} // $by->{ (sort keys %$by)[0] };
		edge($node, $to, "$symbol()");
		$calls{"$node $to"} //= "$symbol()";
	}
}

for my $pair (sort keys %why) {
	my ($from, $to) = split ' ', $pair;
	found("layer $pair", $why{$pair}) if folder($from) ne folder($to) && folder($to) ne 'common';
}

for my $parts (@PARTS) {
	for my $from (@$parts) {
		found("sideways $from $_", $calls{"$from $_"}) for grep { $calls{"$from $_"} } @$parts;
	}
}

# ---------------------------------------------------------------- circles: Tarjan's strongly connected components

my ($visited, @stack, %index, %low, %on_stack) = (0);

sub visit {
	no warnings 'recursion';
	my $v = shift;
	$index{$v} = $low{$v} = ++$visited;
	push @stack, $v;
	$on_stack{$v} = 1;
	for my $w (sort keys %{ $edges{$v} }) {
		if (!$index{$w}) {
			visit($w);
			$low{$v} = $low{$w} if $low{$w} < $low{$v};
		} elsif ($on_stack{$w} && $index{$w} < $low{$v}) {
			$low{$v} = $index{$w};
		}
	}
	return if $low{$v} != $index{$v};
	my %circle;
	do {
		my $w = pop @stack;
		delete $on_stack{$w};
		$circle{$w} = 1;
	} until $circle{$v};
	return if keys %circle < 2;
	for my $from (keys %circle) {
		found("circle " . ($from =~ s{/.*/}{/}r), map { "$from -> $_ (" . $why{"$from $_"} . ')' } grep { $circle{$_} } sort keys %{ $edges{$from} });
	}
}

$index{$_} or visit($_) for sort keys %edges;

# ---------------------------------------------------------------- structs, functions, and who writes what

my %structs; # folder => name => { node, fields => { name => struct } }
for my $file (@files) {
	my $code = code_of($source{$file});
	while ($code =~ /^(?:typedef\s+)?struct\s+(\w+)\s*\{(.*?)^\}/msg) {
		my ($name, $body) = ($1, $2);
		my %fields;
		$body =~ s/\([^()]*\)//g;
		while ($body =~ /\bstruct\s+(\w+)\s+([^;{}]+);/g) {
			my $type = $1;
			/(\w+)\s*(?:\[|$|:)/ and $fields{$1} = $type for split /,/, $2;
		}
		$structs{ folder($file) }{$name} = { node => node($file), header => scalar($file =~ /\.h$/), fields => \%fields };
	}
}

sub struct_of { # name, as a file of this node means it
	my ($name, $node) = @_;
	return $structs{ folder($node) }{$name} // $structs{common}{$name};
}

# What .clang-format lays out begins and ends in the first column.
sub functions_of { # code
	my ($line, @functions, $begin, $text) = (0);
	for (split /\n/, shift) {
		$line++;
		($begin, $text) = ($line, '') if !defined $begin && /^[A-Za-z_]/;
		next unless defined $begin;
		$text .= "$_\n";
		if (/^\}/) {
			push @functions, { line => $begin, lines => $line - $begin + 1, name => $1, text => $text }
				if $_ eq '}' && $text =~ /^[^={;]*?(\w+)\s*\(/;
			undef $begin;
		} elsif (/;\s*$/ && ($text =~ tr/{//) == ($text =~ tr/}//)) {
			undef $begin;
		}
	}
	return @functions;
}

sub variables_of { # text of a function: name => struct
	my $text = shift;
	my %variable;
	$variable{$2} = $1 while $text =~ /\bstruct\s+(\w+)\s+(?:const\b|\s|\*)*(\w+)/g;
	# The others of `struct x *a = f(1), *b;`
	while ($text =~ /^\s*struct\s+(\w+)\s+([^;(){}]*?,[^;{}]*);/mg) {
		my ($type, $rest) = ($1, $2);
		$rest =~ s/\([^()]*\)//g;
		/^\s*\**\s*(\w+)\s*(?:=|\[|$)/ and $variable{$1} //= $type for split /,/, $rest;
	}
	return %variable;
}

my $CHAIN = qr/\b(\w+)((?:(?:\[[^\]]*\])?(?:->|\.)\w+(?:\[[^\]]*\])*)+)/;
my %writers; # struct of a header => node => [place...]

sub writes_find { # file, function
	my ($file, $function) = @_;
	my ($text, %variable) = ($function->{text}, variables_of($function->{text}));
	my @writes;
	push @writes, [ $1, $2, $-[0] ] while $text =~ m{$CHAIN\s*(?:=(?!=)|[-+*/%|&^]=|<<=|>>=|\+\+|--)}g;
	push @writes, [ $1, $2, $-[0] ] while $text =~ /(?:\+\+|--)$CHAIN/g;
	for (@writes) {
		my ($name, $path, $at) = @$_;
		next if !$variable{$name} || substr($text, 0, $at) =~ /(?:->|\.)$/;
		my ($struct, @steps) = ($variable{$name}, $path =~ /(->|\.)(\w+)/g);
		my $through_pointer = grep { $_ eq '->' } @steps;
		my $is = struct_of($struct, $file);
		while ($is && @steps > 2) {
			(undef, my $field) = splice @steps, 0, 2;
			$struct = $is->{fields}{$field} // '';
			$is = struct_of($struct, $file);
		}
		next if !$is || !$through_pointer || !$is->{header} || $is->{node} eq node($file);
		my $line = $function->{line} + (substr($text, 0, $at) =~ tr/\n//);
		push @{ $writers{"$struct ($is->{node}.h)"}{ node($file) } }, "$file:$line writes $name$path";
	}
}

for my $file (grep { /\.c$/ } @files) {
	my @functions = functions_of(code_of($source{$file}));
	die "structure: $file is not laid out as .clang-format says\n" if @functions != (() = $source{$file} =~ /^\}$/mg);
	for my $function (@functions) {
		found("long $function->{name}", "$file:$function->{line}: $function->{lines} lines, more than $LONGEST")
			if $function->{lines} > $LONGEST;
		writes_find($file, $function);
	}
}
for my $key (sort keys %writers) {
	my ($struct) = split ' ', $key;
	my @others = sort keys %{ $writers{$key} };
	found("shared $struct", "of $key", map { $writers{$key}{$_}[0] } @others) if @others > $MOST_WRITERS;
}

# ---------------------------------------------------------------- against what is known

my %known;
if (-e $known_file) {
	for (split /\n/, slurp($known_file)) {
		s/#.*//;
		$known{ join ' ', split } = 1 if /\S/;
	}
}
my $breaches = 0;
for my $what (grep { !$known{$_} } sort keys %found) {
	print "$what\n", map { "    $_\n" } @{ $found{$what} };
	$breaches++;
}
for my $what (grep { !$found{$_} } sort keys %known) {
	print "$what\n    stands in $known_file and is not so any more: take the line out\n";
	$breaches++;
}
exit($breaches ? 1 : 0);
