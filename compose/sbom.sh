#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# sbom.sh PROGRAM...: prints the bill of materials of these programs as SPDX 2.3: each library that one of them names (NEEDED),
# with package and version of this machine, and what the writer's page embeds. What those libraries need in turn is theirs to say.
# The same input, the same bytes.
set -euo pipefail
export LC_ALL=C.UTF-8
here=$(cd "$(dirname "$0")" && pwd -P)
version=$("$here/version.sh")
created=$(date -u -d "@${SOURCE_DATE_EPOCH:-$("$here/version.sh" --time)}" +%Y-%m-%dT%H:%M:%SZ)

licence_of() { # soname
	case $1 in
	librdkafka.*) echo BSD-2-Clause ;;
	libcurl*) echo curl ;;
	libcjson.*) echo MIT ;;
	libpq.*) echo PostgreSQL ;;
	libmicrohttpd.* | libc.* | libm.* | libpthread.*) echo LGPL-2.1-or-later ;;
	*) echo NOASSERTION ;;
	esac
}

component() { # name, package, licence, relationship
	jq -n --arg name "$1" --arg package "$2" --arg licence "$3" --arg relationship "$4" \
		--arg version "$(dpkg-query -W -f '${Version}' "$2" 2>/dev/null || echo NOASSERTION)" \
		--arg distribution "$(. /etc/os-release && echo "$ID")" '{
			relationship: $relationship, SPDXID: "SPDXRef-\($name | gsub("[^A-Za-z0-9.-]"; "-"))", name: $name,
			versionInfo: $version, downloadLocation: "NOASSERTION", filesAnalyzed: false, licenseConcluded: "NOASSERTION",
			licenseDeclared: $licence, copyrightText: "NOASSERTION",
			externalRefs: [{referenceCategory: "PACKAGE-MANAGER", referenceType: "purl",
				referenceLocator: "pkg:deb/\($distribution)/\($package)@\($version | @uri)"}]}'
}

{
	for soname in $(readelf -d "$@" | sed -nE 's/.*\(NEEDED\).*\[(.*)\]/\1/p' | sort -u); do
		path=$(ldd "$@" 2>/dev/null | awk -v name="$soname" '$1 == name && !n++ { print $3 }')
		package=$(dpkg-query -S "$path" 2>/dev/null || dpkg-query -S "$(realpath "${path:-/}")" 2>/dev/null || :)
		package=${package%%:*}
		component "$soname" "${package:-$soname}" "$(licence_of "$soname")" DYNAMIC_LINK
	done
	component dygraphs libjs-dygraphs MIT CONTAINS
} | jq -s --arg version "$version" --arg created "$created" '{
	spdxVersion: "SPDX-2.3", dataLicense: "CC0-1.0", SPDXID: "SPDXRef-DOCUMENT", name: "gapless-\($version)",
	documentNamespace: "urn:gapless:sbom:\($version)",
	creationInfo: {created: $created, creators: ["Tool: compose/sbom.sh"]},
	packages: ([{SPDXID: "SPDXRef-gapless", name: "gapless", versionInfo: $version, downloadLocation: "NOASSERTION",
		filesAnalyzed: false, licenseConcluded: "MIT", licenseDeclared: "MIT", copyrightText: "NOASSERTION"}]
		+ map(del(.relationship))),
	relationships: ([{spdxElementId: "SPDXRef-DOCUMENT", relationshipType: "DESCRIBES", relatedSpdxElement: "SPDXRef-gapless"}]
		+ map({spdxElementId: "SPDXRef-gapless", relationshipType: .relationship, relatedSpdxElement: .SPDXID}))}'
