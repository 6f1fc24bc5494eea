import ServerConfiguration
import Testing

@Suite struct ValueTests {
    @Test(arguments: [("0", 0), ("4096", 4096), ("4096B", 4096), ("3KiB", 3072), ("64MiB", 64 << 20), ("2 GiB", 2 << 30)])
    func sizes(text: String, bytes: Int) {
        #expect(ByteSize(text)?.bytes == bytes)
    }

    @Test(arguments: [
        (0, "0 B"), (1023, "1023 B"), (1536, "1.5 KiB"), (64 << 20, "64.0 MiB"), (3 << 40, "3.0 TiB"), (5 << 50, "5120.0 TiB"),
    ])
    func sizesAsText(bytes: Int, text: String) {
        #expect("\(ByteSize(bytes))" == text)
    }

    @Test(arguments: ["", "MiB", "-1", "1.5MiB", "64MB", "64 mib", "9223372036854775807KiB", "99999999999999999999"])
    func whatIsNoSize(text: String) {
        #expect(ByteSize(text) == nil)
    }

    @Test(arguments: [
        ("10.0.0.0/8", "10.0.0.0/8"), ("10.1.2.3/8", "10.0.0.0/8"), ("192.168.255.255/17", "192.168.128.0/17"),
        ("0.0.0.0/0", "0.0.0.0/0"), ("1.2.3.4", "1.2.3.4/32"), ("fe80::1/10", "fe80::/10"), ("::1", "::1/128"), ("::/0", "::/0"),
    ])
    func ranges(text: String, canonical: String) {
        #expect(IPRange(text)?.description == canonical)
    }

    @Test(arguments: [
        "", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0/8", "::1/129", "10.0.0.0/-1", "10.0.0.0/+1", "10.0.0.0/8/8", "example.org",
    ])
    func whatIsNoRange(text: String) {
        #expect(IPRange(text) == nil)
    }

    /// Every range of the default is one that its own text gives back, so none was lost to a slip of the pen.
    @Test func theDefaultRanges() {
        #expect(Configuration.Network.privateAndLocalRanges.count == 29)
        #expect(Configuration.Network.privateAndLocalRanges.allSatisfy { IPRange($0.description) == $0 })
    }
}
