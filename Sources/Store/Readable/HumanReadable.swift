/// A stored value that people can read and, where it is a key, write.
///
/// It costs nothing where nobody asks: what is stored stays as it is. A type has a form of its own where its bytes say little.
package protocol HumanReadable {
    /// What such values look like.
    static var readableForm: ReadableForm { get }

    /// The value as people read it.
    var readable: ReadableValue { get }

    /// The value that somebody wrote in its form.
    ///
    /// - Throws: ``ReadableFormError`` when it is in another one.
    init(readable: ReadableValue) throws
}

// What has no other form is shown as its bytes.
extension StoreCodable {
    package static var readableForm: ReadableForm { .bytes(ReadableForm.words(of: Self.self)) }

    package var readable: ReadableValue { .bytes(encoded) }

    package init(readable: ReadableValue) throws {
        try self.init(encoded: try readable.bytes(Self.readableForm))
    }

    package static func keyRange(ofPrefix prefix: ReadableValue) throws -> KeyRange {
        .prefix(try Self(readable: prefix).encoded)
    }
}

extension [UInt8]: HumanReadable {
    package static var readableForm: ReadableForm { .bytes("bytes") }
}

extension String: HumanReadable {
    package static var readableForm: ReadableForm { .text("text") }

    package var readable: ReadableValue { .text(self) }

    package init(readable: ReadableValue) throws {
        self = try readable.text(Self.readableForm)
    }
}

extension Empty {
    package var readable: ReadableValue { .null }
}

extension Optional: HumanReadable where Wrapped: HumanReadable {
    package static var readableForm: ReadableForm { .optional(Wrapped.readableForm) }

    package var readable: ReadableValue { self?.readable ?? .null }

    package init(readable: ReadableValue) throws {
        self = readable == .null ? nil : try Wrapped(readable: readable)
    }
}

extension FixedWidth where Self: FixedWidthInteger {
    package static var readableForm: ReadableForm { .integer("integer") }

    package var readable: ReadableValue { .integer(Int128(self)) }

    package init(readable: ReadableValue) throws {
        self = try readable.integer(Self.readableForm)
    }
}

extension Position {
    package static var readableForm: ReadableForm { .integer("position") }

    package var readable: ReadableValue { .integer(Int128(value)) }

    package init(readable: ReadableValue) throws {
        self.init(try readable.integer(Self.readableForm))
    }
}

extension ShortID {
    package static var readableForm: ReadableForm { .integer(ReadableForm.words(of: Self.self)) }

    package var readable: ReadableValue { .integer(Int128(number)) }

    package init(readable: ReadableValue) throws {
        self.init(number: try readable.integer(Self.readableForm))
    }
}
