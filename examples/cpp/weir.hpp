/*
 * weir.hpp - a compiled policy as a C++ value. Copies share the policy; the last one lets it go, and
 * the mapped file with it.
 */
#ifndef WEIR_HPP
#define WEIR_HPP

#include <cerrno>
#include <cstddef>
#include <string>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "weir/directory.h"
#include "weir/policy_file.h"

namespace weir
{

class policy
{
    public:
	/* Maps what weir compile wrote. Throws std::system_error. */
	static policy open(const std::string &path)
	{
		mapping *const mapped = new mapping(path);
		weir_policy_open_options options{};
		weir_error error{};
		weir_policy *opened = nullptr;

		options.release = [](void *context) { delete static_cast<mapping *>(context); };
		options.context = mapped;
		const int status = weir_policy_open(mapped->bytes, mapped->length, &options, &opened,
						    &error);
		if (status != 0) {
			delete mapped;
			throw std::system_error(-status, std::generic_category(),
						path + ": " + error.text);
		}
		return policy(opened);
	}

	policy(const policy &other) noexcept : handle(weir_policy_ref(other.handle)) {}
	policy(policy &&other) noexcept : handle(std::exchange(other.handle, nullptr)) {}
	policy &operator=(policy other) noexcept
	{
		std::swap(handle, other.handle);
		return *this;
	}
	~policy() { weir_policy_unref(handle); }

	/* Any number of threads may ask at once. */
	void classify(const weir_key *keys, weir_verdict *verdicts, std::size_t n) const noexcept
	{
		weir_policy_classify(handle, keys, verdicts, n);
	}

	weir_verdict classify(const weir_key &key) const noexcept
	{
		weir_verdict verdict{};

		weir_policy_classify(handle, &key, &verdict, 1);
		return verdict;
	}

	weir_explanation explain(const weir_key &key) const noexcept
	{
		weir_explanation explanation{};

		weir_policy_explain(handle, &key, &explanation);
		return explanation;
	}

	/* The rule that decided a side, or the word for why none did. */
	std::string why(const weir_half &half) const
	{
		std::string text(weir_policy_format_rule(handle, &half, nullptr, 0), '\0');

		if (text.empty())
			return weir_reason_name(static_cast<weir_reason>(half.reason));
		weir_policy_format_rule(handle, &half, text.data(), text.size() + 1);
		return text;
	}

    private:
	struct mapping {
		void *bytes = MAP_FAILED;
		std::size_t length = 0;

		explicit mapping(const std::string &path)
		{
			struct stat about{};
			const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);

			if (fd >= 0 && fstat(fd, &about) == 0) {
				length = static_cast<std::size_t>(about.st_size);
				bytes = mmap(nullptr, length, PROT_READ, MAP_SHARED, fd, 0);
			}
			const int failure = errno;
			if (fd >= 0)
				close(fd);
			if (bytes == MAP_FAILED)
				throw std::system_error(failure, std::generic_category(), path);
		}
		mapping(const mapping &) = delete;
		mapping &operator=(const mapping &) = delete;
		~mapping() { munmap(bytes, length); }
	};

	explicit policy(weir_policy *opened) noexcept : handle(opened) {}

	weir_policy *handle;
};

} // namespace weir

#endif
