// Writing values as texts.

/// Room for most events and answers, so that few grow more than once.
private let encodedSizeExpectedBytes = 512

extension JSONValue {
    /// The shortest text of the value, members in the order of their keys: what Python writes with `ensure_ascii=False`, `sort_keys=True` and
    /// `separators=(",", ":")`.
    ///
    /// Numbers stay what they are, so that it is the canonical form of events of room versions 1 to 5 too, which may hold any number. A double that
    /// is not finite, which no text can have given, is written as null.
    public func encoded() -> [UInt8] {
        var writer = JSONWriter(capacity: encodedSizeExpectedBytes)
        writer.value(self)
        return writer.bytes
    }

    /// The value's canonical JSON.
    ///
    /// A double whose value is an integer within the allowed range is written as that integer, as the specification's last example asks (`1e10`).
    /// Whether a text contained floats is for its reader to check: parse events with `.canonical`.
    ///
    /// Specification: appendices, "Canonical JSON".
    ///
    /// - Throws: `JSONError.floatNotAllowed` and `JSONError.integerOutOfRange`, both without an offset.
    public func canonical() throws(JSONError) -> [UInt8] {
        var writer = JSONWriter(capacity: encodedSizeExpectedBytes, isCanonical: true)
        writer.value(self)
        if let refusal = writer.refusal { throw refusal }
        return writer.bytes
    }
}

extension JSONObject {
    /// The shortest text of the object, as `JSONValue.encoded()`.
    public func encoded() -> [UInt8] {
        var writer = JSONWriter(capacity: encodedSizeExpectedBytes)
        writer.object(self)
        return writer.bytes
    }

    /// The object's canonical JSON, as `JSONValue.canonical()`.
    ///
    /// - Throws: `JSONError.floatNotAllowed` and `JSONError.integerOutOfRange`, both without an offset.
    public func canonical() throws(JSONError) -> [UInt8] {
        var writer = JSONWriter(capacity: encodedSizeExpectedBytes, isCanonical: true)
        writer.object(self)
        if let refusal = writer.refusal { throw refusal }
        return writer.bytes
    }
}
