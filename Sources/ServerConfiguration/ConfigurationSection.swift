/// A mapping of the configuration: a struct whose properties have defaults and whose ``options`` name them.
///
/// The table of options is the only place that pairs a name with a property: decoding, the refusal of unknown keys, the names of
/// environment variables and the test of the documentation all read it.
///
/// ```swift
/// package struct Presence: ConfigurationSection {
///     package var enabled = true
///     package init() {}
///     package static let options = [ConfigurationOption<Self>("enabled", \.enabled)]
/// }
/// ```
package protocol ConfigurationSection: Decodable, Equatable, Sendable {
    /// The section with every option at its default.
    init()

    /// The section's options in the order in which the documentation lists them.
    static var options: [ConfigurationOption<Self>] { get }
}

extension ConfigurationSection {
    /// Decodes the options that are there and not null; the others keep their defaults.
    package init(from decoder: any Decoder) throws {
        self.init()
        let container = try decoder.container(keyedBy: OptionName.self)
        for option in Self.options {
            try option.decode(container, &self)
        }
    }
}

/// One option of a section: its name in the configuration file, its shape, and how it is decoded into the section.
package struct ConfigurationOption<Section>: Sendable {
    /// The key in the configuration file, in lower case with underscores.
    package let name: String
    /// What may stand under the key.
    package let shape: OptionShape
    let decode: @Sendable (KeyedDecodingContainer<OptionName>, inout Section) throws -> Void

    init<Value: Decodable & SendableMetatype>(_ name: String, _ property: any WritableKeyPath<Section, Value> & Sendable) {
        self.name = name
        self.shape = OptionShape(of: Value.self)
        self.decode = { container, section in
            let key = OptionName(stringValue: name)
            guard container.contains(key), try !container.decodeNil(forKey: key) else { return }
            section[keyPath: property] = try container.decode(Value.self, forKey: key)
        }
    }
}

/// A key of any section, known by its text alone.
struct OptionName: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) {
        self.stringValue = stringValue
    }

    init?(intValue: Int) {
        nil
    }
}
