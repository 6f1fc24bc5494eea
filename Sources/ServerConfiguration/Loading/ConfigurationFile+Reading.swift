import Glibc

extension ConfigurationFile {
    /// Reads the file at `path`.
    ///
    /// - Throws: ``ConfigurationError`` if it cannot be read or is not UTF-8.
    package init(reading path: String) throws(ConfigurationError) {
        func problem(_ text: String) -> ConfigurationError {
            ConfigurationError([.init(origin: path, text: text)])
        }
        guard let file = fopen(path, "re") else {
            throw problem("cannot read the configuration file: \(String(cString: strerror(errno)))")
        }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 16 << 10)
        while true {
            let count = fread(&block, 1, block.count, file)
            if count == 0 { break }
            bytes += block[..<count]
        }
        guard ferror(file) == 0 else {
            throw problem("cannot read the configuration file: \(String(cString: strerror(errno)))")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw problem("the configuration file is not UTF-8")
        }
        self.init(name: path, text: text)
    }
}
