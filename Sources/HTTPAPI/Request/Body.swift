import CanonicalJSON
import MatrixProtocol

/// A JSON object that a client sent, read member by member.
///
/// ```swift
/// let body = try await request.body()
/// let name = try body.required("room_alias_name", as: .string)
/// let limit = try body.optional("limit", as: .integer(in: 1...100)) ?? 20
/// ```
package struct Body: Sendable {
    /// The object itself.
    package let object: JSONObject
    /// Where the object stands in the request's body, such as `auth.identifier.`; empty for the body itself.
    private let place: String

    package init(_ object: JSONObject) {
        self.init(object, place: "")
    }

    private init(_ object: JSONObject, place: String) {
        self.object = object
        self.place = place
    }

    /// The member's value; `M_MISSING_PARAM` if there is none, `M_BAD_JSON` if it is of another type.
    package func required<Value>(_ key: String, as shape: JSONShape<Value>) throws(MatrixError) -> Value {
        guard let value = object[key] else { throw MatrixError(.missingParameter, "Missing \(place)\(key)") }
        return try read(value, of: key, as: shape)
    }

    /// The member's value, nil if there is none or if it is null; `M_BAD_JSON` if it is of another type.
    package func optional<Value>(_ key: String, as shape: JSONShape<Value>) throws(MatrixError) -> Value? {
        guard let value = object[key], value != .null else { return nil }
        return try read(value, of: key, as: shape)
    }

    /// An object within this one, whose members are then named with their place; `M_MISSING_PARAM` and `M_BAD_JSON` as for `required`.
    package func requiredBody(_ key: String) throws(MatrixError) -> Body {
        Body(try required(key, as: .object), place: "\(place)\(key).")
    }

    /// An object within this one, whose members are then named with their place; nil and `M_BAD_JSON` as for `optional`.
    package func optionalBody(_ key: String) throws(MatrixError) -> Body? {
        guard let object = try optional(key, as: .object) else { return nil }
        return Body(object, place: "\(place)\(key).")
    }

    private func read<Value>(_ value: JSONValue, of key: String, as shape: JSONShape<Value>) throws(MatrixError) -> Value {
        guard let value = shape.read(value) else { throw MatrixError(.badJSON, "\(place)\(key) must be \(shape.expectation)") }
        return value
    }
}

/// What a member of a request's body has to be, and its value in Swift.
package struct JSONShape<Value: Sendable>: Sendable {
    /// What is expected, with its article, for error messages.
    let expectation: String
    /// The value; nil if the JSON is something else.
    let read: @Sendable (JSONValue) -> Value?

    /// A shape of an endpoint's own.
    package init(_ expectation: String, _ read: @escaping @Sendable (JSONValue) -> Value?) {
        self.expectation = expectation
        self.read = read
    }
}

extension JSONShape<String> {
    package static var string: Self { Self("a string") { $0.stringValue } }
}

extension JSONShape<Bool> {
    package static var bool: Self { Self("true or false") { $0.boolValue } }
}

extension JSONShape<Int64> {
    package static var integer: Self { Self("an integer") { $0.integerValue } }

    package static func integer(in range: ClosedRange<Int64>) -> Self {
        Self("an integer from \(range.lowerBound) to \(range.upperBound)") { $0.integerValue.flatMap { range.contains($0) ? $0 : nil } }
    }
}

extension JSONShape<JSONObject> {
    package static var object: Self { Self("an object") { $0.objectValue } }
}

extension JSONShape<[JSONValue]> {
    package static var array: Self { Self("an array") { $0.arrayValue } }
}

extension JSONShape<JSONValue> {
    /// Anything at all.
    package static var value: Self { Self("a value") { $0 } }
}

extension JSONShape {
    /// An array whose elements are all of one shape.
    package static func array<Element>(of element: JSONShape<Element>) -> Self where Value == [Element] {
        Self("an array whose elements are each \(element.expectation)") { value in
            guard let elements = value.arrayValue else { return nil }
            var read: [Element] = []
            read.reserveCapacity(elements.count)
            for value in elements {
                guard let value = element.read(value) else { return nil }
                read.append(value)
            }
            return read
        }
    }

    /// One of the values of an enumeration.
    package static func choice(of type: Value.Type) -> Self where Value: RawRepresentable<String> & CaseIterable {
        Self("one of \(Value.allCases.map(\.rawValue).joined(separator: ", "))") { $0.stringValue.flatMap(Value.init(rawValue:)) }
    }
}

extension JSONShape<UserID> {
    package static var userID: Self { Self("a user ID") { $0.stringValue.flatMap(UserID.init(_:)) } }
}

extension JSONShape<RoomID> {
    package static var roomID: Self { Self("a room ID") { $0.stringValue.flatMap(RoomID.init(_:)) } }
}

extension JSONShape<ServerName> {
    package static var serverName: Self { Self("a server name") { $0.stringValue.flatMap(ServerName.init(_:)) } }
}

extension JSONShape<EventID> {
    package static var eventID: Self { Self("an event ID") { $0.stringValue.flatMap(EventID.init(_:)) } }
}
