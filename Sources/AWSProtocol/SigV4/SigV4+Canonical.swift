internal import Crypto

/// What both sides make of a request, so that they sign the same bytes whatever a proxy did to its spelling.
extension SigV4 {
    /// A request's parts, each looked up without going through all others.
    struct Parts {
        let method: String
        let path: String
        /// Names and values without percent-encoding, in the order they came.
        let query: [(name: [UInt8], value: [UInt8])]
        /// Lower-case name → values, trimmed, joined by commas.
        let headers: [String: String]

        init(_ request: Request) throws(Fault) {
            guard request.headers.count <= Limits.headers else {
                throw .incomplete("there are more than \(Limits.headers) headers")
            }
            guard request.target.utf8.count <= Limits.targetBytes else {
                throw .incomplete("the target has more than \(Limits.targetBytes) bytes")
            }
            method = request.method
            let target = SigV4.split(request.target)
            path = target.path
            query = try SigV4.pairs(target.query)
            var values: [String: [String]] = [:]
            for header in request.headers { values[header.name.lowercased(), default: []].append(SigV4.trimmed(header.value)) }
            headers = values.mapValues { $0.joined(separator: ",") }
        }

        func value(ofQuery name: String) -> [UInt8]? {
            query.first { $0.name.elementsEqual(name.utf8) }?.value
        }

        /// - Parameters:
        ///   - signed: lower-case names in order; each is there.
        ///   - omitted: the parameter that holds the signature itself.
        func canonical(signed: [String], payloadHash: String, service: String, omitting omitted: String? = nil) -> String {
            canonical(
                signed: signed, payloadHash: payloadHash, path: SigV4.canonicalPath(path, service: service), omitting: omitted)
        }

        /// The same with a path that is canonical already.
        func canonical(signed: [String], payloadHash: String, path: String, omitting omitted: String? = nil) -> String {
            var text = "\(method)\n\(path)\n\(canonicalQuery(omitting: omitted))\n"
            for name in signed { text += "\(name):\(headers[name] ?? "")\n" }
            text += "\n\(signed.joined(separator: ";"))\n\(payloadHash)"
            return text
        }

        private func canonicalQuery(omitting omitted: String?) -> String {
            var encoded: [(name: String, value: String)] = []
            encoded.reserveCapacity(query.count)
            for pair in query where omitted.map({ !pair.name.elementsEqual($0.utf8) }) ?? true {
                encoded.append((SigV4.encoded(pair.name), SigV4.encoded(pair.value)))
            }
            // By the encoded bytes, which are ASCII: names first, then values.
            encoded.sort { ($0.name, $0.value) < ($1.name, $1.value) }
            return encoded.map { "\($0.name)=\($0.value)" }.joined(separator: "&")
        }
    }

    static func stringToSign(timestamp: String, scope: Scope, canonical: String) -> String {
        "\(algorithm)\n\(timestamp)\n\(scope)\n\(hash(canonical.utf8))"
    }

    static func hash(_ bytes: some Sequence<UInt8>) -> String {
        hexadecimal(SHA256.hash(data: Array(bytes)))
    }

    static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 0xF)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    // MARK: The target

    /// Path and query; of a target in proxy form, what follows the authority.
    static func split(_ target: String) -> (path: String, query: String?) {
        var rest = Substring(target)
        if !rest.hasPrefix("/"), let scheme = rest.prefix(while: { $0 != "?" }).firstRange(of: "://") {
            let authority = rest[scheme.upperBound...]
            rest = authority.firstIndex { $0 == "/" || $0 == "?" }.map { authority[$0...] } ?? ""
        }
        let bytes = rest.utf8
        guard let mark = bytes.firstIndex(of: UInt8(ascii: "?")) else { return (String(rest), nil) }
        return (String(rest[..<mark]), String(rest[bytes.index(after: mark)...]))
    }

    private static func pairs(_ query: String?) throws(Fault) -> [(name: [UInt8], value: [UInt8])] {
        guard let query, !query.isEmpty else { return [] }
        let parts = query.utf8.split(separator: UInt8(ascii: "&"), maxSplits: Limits.queryPairs, omittingEmptySubsequences: true)
        guard parts.count <= Limits.queryPairs else { throw .incomplete("the query has more than \(Limits.queryPairs) parameters") }
        return parts.map { part in
            let equals = part.firstIndex(of: UInt8(ascii: "=")) ?? part.endIndex
            return (decoded(part[..<equals]), decoded(part[equals...].dropFirst()))
        }
    }

    /// Only `%XX` is decoded: a plus sign is one, as in RFC 3986.
    static func decoded(_ bytes: some Collection<UInt8>) -> [UInt8] {
        let bytes = Array(bytes)
        guard bytes.contains(UInt8(ascii: "%")) else { return bytes }
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var index = 0
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "%"), index + 2 < bytes.count, let high = digit(bytes[index + 1]),
                let low = digit(bytes[index + 2])
            {
                result.append(high << 4 | low)
                index += 3
            } else {
                result.append(bytes[index])
                index += 1
            }
        }
        return result
    }

    static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    /// RFC 3986's unreserved characters stay, all else becomes `%XX` in capitals.
    static func encoded(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var text: [UInt8] = []
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
                text.append(byte)
            default: text += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 0xF)]]
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// For S3 the path as it is, encoded once; for all others without dots and double slashes, its encoding encoded again.
    static func canonicalPath(_ path: String, service: String) -> String {
        let slash = UInt8(ascii: "/")
        guard service != "s3" else {
            let parts = path.utf8.split(separator: slash, omittingEmptySubsequences: false)
            return path.isEmpty ? "/" : parts.map { encoded(decoded($0)) }.joined(separator: "/")
        }
        var kept: [Substring.UTF8View] = []
        for part in Substring(path).utf8.split(separator: slash) where !part.elementsEqual(".".utf8) {
            if part.elementsEqual("..".utf8) { _ = kept.popLast() } else { kept.append(part) }
        }
        let end = path.utf8.last == slash && !kept.isEmpty ? "/" : ""
        return "/" + kept.map { encoded($0) }.joined(separator: "/") + end
    }

    /// Without space at the ends; inside, any run of it is one space.
    static func trimmed(_ value: String) -> String {
        var isAfterSpace = true
        var isTrimmed = true
        for byte in value.utf8 {
            let isSpace = byte == UInt8(ascii: " ")
            if byte == UInt8(ascii: "\t") || isSpace && isAfterSpace { isTrimmed = false }
            isAfterSpace = isSpace
        }
        // Hardly any value has to be written again.
        if isTrimmed, !isAfterSpace || value.isEmpty { return value }
        return value.utf8.split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }.map { String(decoding: $0, as: UTF8.self) }
            .joined(separator: " ")
    }
}
