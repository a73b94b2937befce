internal import Foundation

/// AWS's JSON protocols, 1.0 and 1.1, which differ in their content type: a POST to `/`, the operation in `X-Amz-Target`, shapes as objects.
package enum AWSJSON {
    package enum Version: String, Sendable {
        case v1_0 = "1.0"
        case v1_1 = "1.1"

        package var contentType: String { "application/x-amz-json-\(rawValue)" }
    }

    /// Reads the body of a request. No body is an empty object; members that the shape does not know are passed over.
    ///
    /// - Parameter missingMember: the service's own fault for a required member that is not there.
    /// - Throws: `SerializationException` for what is no JSON, or a member of the wrong type.
    package static func decode<Shape: Decodable>(
        _ type: Shape.Type, from body: [UInt8], missingMember: AWSFault.Code
    ) throws(AWSFault) -> Shape {
        let tree: JSONTree
        do { tree = body.isEmpty ? .object([:]) : try JSONTree(parsing: body) } catch {
            throw AWSFault(.serialization, "the body is no JSON: at byte \(error.offset), \(error.reason)")
        }
        guard case .object = tree else { throw AWSFault(.serialization, "the body is JSON, but not an object") }
        do { return try TreeDecoder(tree).decode(type) } catch {
            switch error as? DecodingError {
            case .keyNotFound(let key, let context):
                throw AWSFault(missingMember, "\(path(context.codingPath + [key])) is missing, and required")
            case .valueNotFound(_, let context):
                throw AWSFault(missingMember, "\(path(context.codingPath)) is null, and required")
            case .typeMismatch(_, let context), .dataCorrupted(let context):
                throw AWSFault(.serialization, "\(path(context.codingPath)) \(context.debugDescription)")
            default: throw AWSFault(.serialization, "the body does not have the shape that the operation asks for")
            }
        }
    }

    private static func path(_ keys: [any CodingKey]) -> String {
        let text = keys.map { $0.intValue.map { "[\($0)]" } ?? ".\($0.stringValue)" }.joined()
        return text.isEmpty ? "the body" : String(text.drop { $0 == "." }.prefix(200))
    }

    /// A shape as an object: members by their names, what is nil left out, times as seconds since 1970 to the millisecond.
    package static func encode(_ shape: some Encodable) throws(AWSFault) -> [UInt8] {
        let encoder = JSONEncoder()
        // Sorted: the same value is always the same bytes, which tests and caches like.
        encoder.outputFormatting = [.withoutEscapingSlashes, .sortedKeys]
        // Not asked for the keys of dictionaries, which are the caller's.
        encoder.keyEncodingStrategy = .custom { path in MemberName(stringValue: MemberName.spelled(path.last?.stringValue ?? "")) }
        encoder.dateEncodingStrategy = .custom { date, encoder in
            var container = encoder.singleValueContainer()
            try container.encode((date.timeIntervalSince1970 * 1_000).rounded() / 1_000)
        }
        do { return Array(try encoder.encode(shape)) } catch {
            throw AWSFault(.internalFailure, "the answer cannot be written as JSON")
        }
    }
}
