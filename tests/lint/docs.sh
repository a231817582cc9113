#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# docs.sh: what the documentation names is there. Every link to a file or a heading and every `path/file.c` of a *.md exists; every
# `function()` of the source tour is in the sources, its sentences stand where it says; no scenario sleeps, where it could wait for a
# condition.
set -u -o pipefail
cd "$(dirname "$0")/../.." || exit 1
export LC_ALL=C.UTF-8
failed=0

complain() {
	printf '%s\n' "$*"
	failed=1
}

pages=$(find . -name '*.md' -not -path './build/*' -not -path './.git/*' | sort)
# What is written at the start of a name, or at its end, is never a file of ours: build/..., *.t, NNN_x.
named='(common|producer|writer|indicators|schemas|tests|compose|docs)/[A-Za-z0-9_./-]*\.(c|h|sh|sql|t|md|pl|py|yml|example)'
for page in $pages; do
	dir=${page%/*}
	while read -r link; do
		case $link in '' | http*://* | mailto:* | '#'*) continue ;; esac
		[ -e "$dir/${link%%#*}" ] || complain "$page: there is no ${link%%#*}"
	done < <(grep -oE '\]\([^)]+\)' "$page" | sed 's/^](//; s/)$//')
	while read -r path; do
		case $path in *NNN* | *NAME*) continue ;; esac
		[ -e "$path" ] || [ -e "$dir/$path" ] || complain "$page: there is no $path"
	done < <(grep -oE '`[^`]+`' "$page" | grep -oE "(^|[^A-Za-z0-9_./-])$named" | sed -E 's/^[^A-Za-z]//' | sort -u)
	[[ $page == */source-tour.md ]] || continue # other pages name functions of others, too
	while read -r function; do
		grep -rqE "\b$function\(" --include='*.[ch]' --include='*.sql' common producer writer schemas tests $([ ! -d indicators ] || echo indicators) ||
			complain "$page: there is no $function()"
	done < <(grep -oE '`[a-z0-9_]+\(\)`' "$page" | tr -d '`()' | sort -u)
done

# shellcheck disable=SC2086	# one word a page
perl - $pages <<'EOF' || failed=1
use strict;
my (%headings, %links, $failed);
for my $page (@ARGV) {
	open my $in, '<', $page or die "$page: $!";
	my $code = 0;
	while (<$in>) {
		$code = !$code if /^```/;
		$headings{$page}{slug($1)} = 1 if !$code && /^#+ (.*)/;
		push @{$links{$page}}, [$1, $2] while /\]\(([^)#\s]*)#([^)]+)\)/g;
	}
}
sub slug { my $s = lc shift; $s =~ s/\[([^]]*)\]\([^)]*\)/$1/g; $s =~ s/[^a-z0-9 _-]//g; $s =~ tr/ /-/; return $s }
sub plain { my $s = lc shift; $s =~ s/\[([^]]*)\]\([^)]*\)/$1/g; $s =~ tr/*`//d; $s =~ s/\s+/ /g; return $s }
sub text { join ' ', map { local (@ARGV, $/) = $_; <> } @_ }
for my $page (sort keys %links) {
	for (@{$links{$page}}) {
		my ($file, $heading) = @$_;
		next if $file =~ /^http/;
		my $to = $file eq '' ? $page : ($page =~ s{[^/]+$}{}r) . $file;
		1 while $to =~ s{/(?!\.\.?/)[^/]+/\.\./}{/};
		next if !exists $headings{$to} || $headings{$to}{$heading};
		print "$page: $file has no heading $heading\n";
		$failed = 1;
	}
}
my $tour = text('docs/source-tour.md');
my %of = ('the README says' => plain(text('README.md')),
	'docs/ say' => plain(text(grep { !/source-tour/ } glob('docs/*.md schemas/*.md'))));
for my $of (sort keys %of) {
	my ($table) = $tour =~ /^\| \Q$of\E \|.*?\n\|[-|]+\n(.*?)(?:\n\n|\z)/ms or die "docs/source-tour.md: no table of what $of";
	for ($table =~ /^\| (.*?) \| \[/mg) {
		next if index($of{$of}, plain($_)) >= 0;
		print "docs/source-tour.md: nowhere stands what $of: $_\n";
		$failed = 1;
	}
}
exit($failed ? 1 : 0);
EOF

# What the page quotes of the logs is what the programs say: each msg="..." of it, and the first words of each row of its tables.
sources=$(mktemp) || exit 1
trap 'rm -f "$sources"' EXIT
git ls-files 'common/*.[ch]' 'producer/*.[ch]' 'writer/*.[ch]' 'indicators/*.[ch]' | xargs cat | perl -0pe 's/"\s*\n\s*"//g; s/\\"/"/g' >"$sources"
while read -r quoted; do
	grep -qF -- "$quoted" "$sources" || complain "docs/when-things-go-wrong.md: nothing says: $quoted"
done < <(perl -0ne 'my $p = $_; while ($p =~ /msg="([^"]+)"/g) { my $t = $1; $t =~ s/\s+/ /g;
		print "$_\n" for grep { / / } map { s/^\s+|\s+$//gr } split /\.\.\./, $t }
	while ($p =~ /^\| ((?:`[^`]+`[^|`]*)+)/mg) { my $c = $1; while ($c =~ /`([^`]+)`/g) {
		print "$_\n" for grep { / / && !/^level=/ } map { s/^\s+|\s+$//gr } split /\.\.\./, $1 } }' docs/when-things-go-wrong.md)

while read -r line; do
	complain "wait for a condition instead (tests/integration/lib.sh): $line"
done < <(grep -nE '^[^#]*\bsleep\b' tests/integration/*.t tests/soak/*.t tests/chaos/*.t || :)
# What is made from the tables of the settings, where the programs are built.
[ ! -x build/release/gapless-writer-doc ] || tests/lint/settings.sh || failed=1
exit $failed
